#include "base/trouble.h"

enum trouble_news trouble_note(struct trouble *trouble, bool is_there, int64_t now)
{
    if (is_there) {
        bool begins = !trouble->told;

        *trouble = (struct trouble){.told = true, .last = now};
        return begins ? TROUBLE_BEGINS : TROUBLE_AS_BEFORE;
    }
    if (!trouble->told || now - trouble->last < TROUBLE_WHILE)
        return TROUBLE_AS_BEFORE;
    trouble->told = false;
    return TROUBLE_IS_OVER;
}
