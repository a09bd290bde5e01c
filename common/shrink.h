/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shrink - give back the memory that only a start needs
 *
 * A process of ours runs through much code once, and then waits for hours.  What it read of
 * its own program stays mapped, and with a server or a hundred that is most of what we take;
 * what lay on the stack is private to it and lost to all others.
 */
#ifndef COMMON_SHRINK_H
#define COMMON_SHRINK_H

/*
 * Unmap the pages of this program's code and constants that nothing can have changed (what
 * is needed again is found in the page cache), and the pages of the stack below the caller.
 * On the stack that the process began with only.
 */
void shrink(void);

#endif /* COMMON_SHRINK_H */
