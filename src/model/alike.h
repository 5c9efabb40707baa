/*
 * model/alike.h - does a domain look like another one, to be taken for it? Pure.
 *
 * Compared are names, the labels of a domain but the last, of at least ALIKE_LETTERS letters:
 *
 *     same shape     "harb0ur", "harbοur" (Greek), "harborn" for "harborm": letters that look alike become one (confusables.def)
 *     one letter     "harbuor", "harbor", "harbourr": one letter more, less, other, or two neighbours that changed places
 *     with a word    "harbour-login", "secureharbour": the name and a word that asks for trust (alike_words.def)
 *
 * The very same name below another suffix ("harbour.de" of "harbour.test") is not alike: brands have many suffixes; nor are names that
 * differ in numbers alone ("img-12", "img-13").
 * Source: UTS 39 (confusables); J. Szurdi et al., USENIX Security 2014 (one letter); P. Kintis et al., CCS 2017 (with a word).
 */
#ifndef MODEL_ALIKE_H
#define MODEL_ALIKE_H

#include "base/text.h"

#define ALIKE_LETTERS 5U

/*
 * Both lower case, IDNA ("xn--") or UTF-8. False for a domain and what lies below it. Cost: O(bytes) for each pair of labels, 0.1 us for a usual pair;
 * no allocation. Example: ("harb0ur-verify.test", "harbour.test") is alike, ("harbour.test", "news.harbour.test") is not.
 */
bool alike(struct text domain, struct text known);

#endif
