/* vouch(1) */
#include "vouch/vouch.h"

int
main(int argc, char **argv)
{
	return vouch_main(argc, argv);
}
