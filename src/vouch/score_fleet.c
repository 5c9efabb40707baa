/* The fleet of a scenario: honest, or some of its systems taken over within the same day. */
#include "vouch/score_int.h"

#include <stdlib.h>
#include <string.h>

#define LAST_DAYS \
	6U /* between the takeovers and the end: for most, two days and those in which alarms are right */
#define RELAY_DAYS  24U
#define WARM_DAYS   58U /* before the takeovers */
#define YEAR_DAYS   365U
#define DAY_MINUTES 1440U
#define ONE_IN \
	8U /* systems with campaigns is taken over: were it most, a takeover would be what all senders have */
#define MANY_MEMBERS    20U /* as sim/attacks.def */
#define SEVERAL_MEMBERS 3U
#define APART           7919U /* a prime: takeovers spread over the day */

static enum sim_event_kind
takeover_of(const char *scenario)
{
	enum sim_event_kind kind = 0;

	while (kind < SIM_EVENT_COUNT &&
	       (!sim_event_is_takeover(kind) || strcmp(sim_event_name(kind), scenario) != 0)) {
		kind++;
	}
	return kind;
}

bool
score_is_honest(const char *scenario)
{
	return strcmp(scenario, "honest") == 0 || strcmp(scenario, "rough") == 0 ||
	       strcmp(scenario, "ugly") == 0;
}

bool
score_scenario_is_known(const char *scenario)
{
	return score_is_honest(scenario) || takeover_of(scenario) != SIM_EVENT_COUNT;
}

static uint32_t
days_left(const char *scenario)
{
	return takeover_of(scenario) == SIM_RELAY ? RELAY_DAYS : LAST_DAYS;
}

uint32_t
score_days(const char *scenario)
{
	return score_is_honest(scenario) ? YEAR_DAYS + SCORE_LEARN_DAYS : WARM_DAYS + days_left(scenario);
}

static void
set_sight(struct sim_numbers *numbers, const struct score_sight *sight)
{
	const struct {
		double *number, value;
	} all[] = {
		{ &numbers->coverage, sight->coverage },
		{ &numbers->sampling, sight->sampling },
		{ &numbers->volume_late_minutes, sight->late_minutes },
		{ &numbers->declared, sight->declared },
		{ &numbers->imports_per_year, sight->imports },
		{ &numbers->link_undeclared, sight->undeclared },
	};

	for (size_t i = 0; i < countof(all); i++) {
		if (all[i].value >= 0) {
			*all[i].number = all[i].value;
		}
	}
}

/* At every eighth system with campaigns, another eighth for each seed, but at one at least; one of several members leaves it to the simulator who they are. */
static size_t
plan_takeovers(const struct score_fleet *fleet, const struct sim_params *params,
	       struct sim_takeover *takeovers)
{
	enum sim_event_kind kind = takeover_of(fleet->scenario);
	uint32_t members = kind == SIM_MANY ? MANY_MEMBERS : kind == SIM_SEVERAL ? SEVERAL_MEMBERS : 1;
	uint32_t count, every = members * ONE_IN, campaigners = 0;
	struct sim *sim = sim_open(params, fleet->seed);
	const struct sim_system *systems = sim_systems(sim, &count);
	int64_t day = (int64_t)fleet->days - days_left(fleet->scenario);
	size_t n = 0;

	for (uint32_t s = 0; s < count; s++) {
		if (systems[s].campaigns) {
			takeovers[n].kind = kind;
			takeovers[n].source = members == 1 ? systems[s].first_source : SIM_NONE;
			takeovers[n].at.ms = params->start.ms + day * SPAN_DAY.ms +
					     (int64_t)(s * APART % DAY_MINUTES) * SPAN_MINUTE.ms;
			n += campaigners++ % every == fleet->seed % every;
		}
	}
	sim_close(sim);
	return n > 0 || campaigners == 0 ? n : 1; /* the last one */
}

/* Ways in which one system is taken over, in turns. */
static const enum sim_event_kind hidden[] = { SIM_BLAST,    SIM_OWN_LIST,    SIM_SLOW,
					      SIM_RELAY,    SIM_IN_CAMPAIGN, SIM_WAKE,
					      SIM_BOUTIQUE, SIM_TARGETED,    SIM_BURSTS };

/* So many systems of an honest fleet, of those with campaigns, at times spread over the days that count. */
static size_t
plan_hidden(const struct score_fleet *fleet, const struct sim_params *params, struct sim_takeover *takeovers)
{
	uint32_t count, wanted = (uint32_t)(fleet->taken * fleet->systems + 0.5);
	uint32_t minutes = (fleet->days - SCORE_LEARN_DAYS - RELAY_DAYS) * DAY_MINUTES;
	struct sim *sim = sim_open(params, fleet->seed);
	const struct sim_system *systems = sim_systems(sim, &count);
	uint32_t n = 0;

	for (uint32_t s = 0; s < count && n < wanted; s++) {
		if (systems[s].campaigns) {
			uint32_t minute = (n + 1) * APART * 31 % minutes + SCORE_LEARN_DAYS * DAY_MINUTES;

			takeovers[n].kind = hidden[(fleet->seed * wanted + n) % countof(hidden)];
			takeovers[n].source = systems[s].first_source;
			takeovers[n++].at.ms = params->start.ms + (int64_t)minute * SPAN_MINUTE.ms;
		}
	}
	sim_close(sim);
	return n;
}

struct sim *
score_fleet_open(const struct score_fleet *fleet)
{
	bool honest = score_is_honest(fleet->scenario);
	struct sim_takeover *takeovers = calloc(fleet->systems, sizeof *takeovers);
	struct sim_params params;
	struct sim *sim;

	check(takeovers != NULL && fleet->days > SCORE_LEARN_DAYS);
	check(sim_params_named(text_of(honest ? fleet->scenario : "honest"), &params) == RESULT_OK);
	params.systems = fleet->systems;
	params.members = fleet->members > 0 ? fleet->members : fleet->systems;
	params.sources = fleet->systems * SCORE_SYSTEM_SOURCES;
	params.days = fleet->days;
	params.step = fleet->step;
	params.surge_day = honest ? fleet->days * 3 / 4 : SIM_NONE;
	set_sight(&params.numbers, &fleet->sight);
	if (!honest || fleet->taken > 0) {
		params.takeover_count = honest ? plan_hidden(fleet, &params, takeovers)
					       : plan_takeovers(fleet, &params, takeovers);
		params.takeovers = takeovers;
	}
	sim = sim_open(&params, fleet->seed);
	free(takeovers);
	return sim;
}
