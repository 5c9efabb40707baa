/* vouchd/privilege.c - from root to somebody who may do little. */
#include "vouchd/privilege.h"

#include "base/log.h"

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0700

enum result
privilege_find(const struct config *config, struct identity *who, struct fault *fault)
{
	const struct passwd *user = config->user[0] == '\0' ? NULL : getpwnam(config->user);
	const struct group *group = config->group[0] == '\0' ? NULL : getgrnam(config->group);

	*who = (struct identity){ .uid = geteuid(), .gid = getegid() };
	if (config->user[0] != '\0' && user == NULL) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s: user: there is no %s", config->file,
				 config->user);
	}
	if (config->group[0] != '\0' && (group == NULL || user == NULL)) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s: group: %s%s", config->file,
				 group == NULL ? "there is no " : "a user is wanted too: ", config->group);
	}
	if (user == NULL) {
		return RESULT_OK;
	}
	if (who->uid != 0) {
		return user->pw_uid == who->uid
			   ? RESULT_OK
			   : fault_set(fault, RESULT_BAD_INPUT, "%s: user: only root becomes %s",
				       config->file, config->user);
	}
	*who = (struct identity){ .changes = user->pw_uid != 0,
				  .uid = user->pw_uid,
				  .gid = group == NULL ? user->pw_gid : group->gr_gid };
	return RESULT_OK;
}

enum result
privilege_give(const char *path, const struct identity *who, struct fault *fault)
{
	if (who->changes && lchown(path, who->uid, who->gid) != 0) {
		return fault_set(fault, RESULT_IO, "%s: %s", path, strerror(errno));
	}
	return RESULT_OK;
}

static enum result
check_owner(const char *folder, int dir, const char *name, const struct identity *who, struct fault *fault)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return errno == ENOENT
			   ? RESULT_OK
			   : fault_set(fault, RESULT_IO, "%s/%s: %s", folder, name, strerror(errno));
	}
	return st.st_uid == who->uid
		   ? RESULT_OK
		   : fault_set(fault, RESULT_CONFLICT,
			       "data: %s/%s belongs to user %u, not to %u: chown -R %u %s gives it over",
			       folder, name, (unsigned)st.st_uid, (unsigned)who->uid, (unsigned)who->uid,
			       folder);
}

/* What it does not own it could not write; it is not taken from its owner either, whoever made the link. */
static enum result
check_owners(const char *path, const struct identity *who, struct fault *fault)
{
	DIR *folder = opendir(path);
	enum result r = RESULT_OK;

	if (folder == NULL) {
		return fault_set(fault, RESULT_IO, "data: %s: %s", path, strerror(errno));
	}
	for (const struct dirent *e; r == RESULT_OK && (e = readdir(folder)) != NULL;) {
		if (strcmp(e->d_name, "..") != 0) {
			r = check_owner(path, dirfd(folder), e->d_name, who, fault);
		}
	}
	(void)closedir(folder);
	return r;
}

enum result
privilege_folder(const char *path, const struct identity *who, struct fault *fault)
{
	if (mkdir(path, FOLDER_MODE) == 0) {
		return privilege_give(path, who, fault);
	}
	if (errno != EEXIST) {
		return fault_set(fault, RESULT_IO, "data: %s: %s", path, strerror(errno));
	}
	return who->changes ? check_owners(path, who, fault) : RESULT_OK;
}

static enum result
become(const struct identity *who, struct fault *fault)
{
	int error;

	capng_clear(CAPNG_SELECT_BOTH);
	(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);
	error = capng_change_id((int)who->uid, (int)who->gid, CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	return error == 0 ? RESULT_OK
			  : fault_set(fault, RESULT_IO, "user: the change failed (%d of libcap-ng): %s",
				      error, strerror(errno));
}

enum result
privilege_drop(const struct config *config, const struct identity *who, struct fault *fault)
{
	enum result r = who->changes ? become(who, fault) : RESULT_OK;

	if (r == RESULT_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		r = fault_set(fault, RESULT_IO, "no_new_privs: %s", strerror(errno));
	}
	if (r == RESULT_OK && who->changes) {
		log_event(LOG_INFO, "user", "name=%s uid=%u gid=%u", config->user, (unsigned)who->uid,
			  (unsigned)who->gid);
		if (access(config->file, R_OK) != 0) {
			log_event(LOG_WARN, "user", "why=\"%s cannot read %s, so it will not reload it\"",
				  config->user, config->file);
		}
	} else if (r == RESULT_OK && who->uid == 0) {
		log_event(LOG_WARN, "user",
			  "why=\"vouchd stays root; user in vouch.yaml names who it becomes\"");
	}
	return r;
}
