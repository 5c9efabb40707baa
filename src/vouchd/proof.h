/*
 * vouchd/proof.h - whose report a mail is, and how we know.
 *
 * A mail whose From is of a reporter's domain is that reporter's when a DKIM signature of the domain holds, or the mail server in
 * front says so (authserv_id). Else it is the reporter's to whose address or into whose folder it came, unless that one has domains:
 * then whoever learns the address could speak for it. What is proven is written into the report, so that nobody asks DNS again.
 */
#ifndef VOUCHD_PROOF_H
#define VOUCHD_PROOF_H

#include "vouchd/config.h"
#include "vouchd/directory.h"

#define PROOF_BYTES 320

struct proof {
	struct directory_entry reporter;
	bool known; /* else it is nobody's */
	/* report.proof: "dkim news.example", "results news.example", "address", "folder" or empty */
	char words[PROOF_BYTES];
};

/* Does the mail speak for a reporter that has domains? Then proof_find may wait for DNS. Cost: one pass over the header. */
bool proof_is_wanted(struct directory *directory, struct text mail);

/*
 * `place`: "address" or "folder", with *proof as the place says it; afterwards as it is. Errors: RESULT_BUSY: a key could not be had,
 * ask later; *proof is then as if no signature held. Waits for DNS, dkim_timeout for each signature at most: not on the loop. Thread-safe.
 */
enum result proof_find(const struct config *config, struct directory *directory, struct text mail,
		       const char *place, struct proof *proof) MUST_USE;

#endif
