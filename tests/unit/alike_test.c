/* Domains that are taken for others, and those that are not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/alike.h"

static void
look_alikes_are_found_and_neighbours_are_not(void **context)
{
	static const struct {
		const char *domain, *known;
		bool alike;
	} rows[] = {
		{ "harb0ur.test", "harbour.test", true },        /* a digit */
		{ "paypa1.example", "paypal.com", true },        /* a digit */
		{ "paypai.example", "paypal.com", true },        /* i for l */
		{ "rnicrosoft.example", "microsoft.com", true }, /* rn for m */
		{ "xn--trzor-o51b.com", "trezor.us", true },     /* "trẹzor" */
		{ "xn--pypal-4ve.com", "paypal.com", true },     /* Cyrillic a */
		{ "xn--80ak6aa92e.com", "apple.com", true },     /* all Cyrillic: "аррӏе" */
		{ "xn--hrbour-bua.test", "harbour.test", true }, /* "härbour" */
		{ "härbour.test", "harbour.test", true },        /* the same in UTF-8 */
		{ "harbuor.test", "harbour.test", true },        /* changed places */
		{ "harbor.test", "harbour.test", true },         /* one less */
		{ "harbourr.test", "harbour.test", true },       /* one more */
		{ "harbaur.test", "harbour.test", true },        /* another */
		{ "harbour-login.test", "harbour.test", true },  /* a word that asks */
		{ "securelogin-harbour.test", "harbour.test",
		  false }, /* "securelogin" is no word of the table */
		{ "secure-harbour.test", "harbour.test", true },
		{ "verifyharbour.test", "harbour.test", true },
		{ "harb0ur-verify.test", "news.harbour.test", true },
		{ "login.harbour-billing.example", "harbour.test", true },
		{ "harbour.test", "harbour.test", false },
		{ "www.harbour.test", "harbour.test", false },
		{ "harbour.example", "harbour.test", false },     /* another suffix */
		{ "harbour-coffee.test", "harbour.test", false }, /* no word that asks */
		{ "armour.test", "harbour.test", false },
		{ "arbours.test", "harbour.test", false },                /* two letters off */
		{ "harbour-12.test", "harbour-13.test", false },          /* a row */
		{ "bank.test", "tank.test", false },                      /* too short */
		{ "apply.test", "apple.test", false },                    /* too short for one letter */
		{ "newsletters.example", "newsletter.shop.test", false }, /* a word is no name */
		{ "xn--.test", "harbour.test", false },
		{ "xn--99999999999999.test", "harbour.test", false },
		{ "xn--a-ecp.ru", "harbour.test", false },
		{ "新华社新闻社.test", "北京大学医院.test", false },
		{ "", "harbour.test", false },
		{ "harbour.test", "", false },
		{ "....", "harbour.test", false },
		{ "test", "harbour.test", false },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		if (alike(text_of(rows[i].domain), text_of(rows[i].known)) != rows[i].alike) {
			fail_msg("%s and %s: wrong", rows[i].domain, rows[i].known);
		}
	}
}

/* Any bytes: it ends, and nothing is alike to itself. */
static void
any_bytes_are_compared(void **context)
{
	uint64_t seed = 1;

	(void)context;
	for (int n = 0; n < 20000; n++) {
		char bytes[80] = "xn--";
		struct text t = { bytes, 0 };

		for (size_t i = n % 2 == 0 ? 4 : 0; i < sizeof bytes; i++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			bytes[i] = "abz019-.\xc3\xa9\xff"[(seed >> 33) % 11];
		}
		t.n = (seed >> 40) % sizeof bytes;
		assert_false(alike(t, t));
		(void)alike(t, TEXT("harbour.test"));
		(void)alike(TEXT("harbour.test"), t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_alikes_are_found_and_neighbours_are_not),
		cmocka_unit_test(any_bytes_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
