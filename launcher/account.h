/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account - what the user and group databases say of an account
 *
 * /etc/passwd and /etc/group are read here; of whom they do not name getent(1) is asked,
 * which knows the directory services of the machine.  So no module of the name service
 * switch is ever loaded into a process that starts servers, and a static program asks as
 * a shared one does (a static getpwuid(3) would load modules made for another libc).
 */
#ifndef LAUNCHER_ACCOUNT_H
#define LAUNCHER_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

struct account {
	uid_t uid;
	gid_t gid;
	char *name, *home; /* owned; never NULL in an account that was found */
};

/* Return: 1 and *ret (the caller's, account_done()), 0 when no database knows the user,
 * -errno. */
int account_find(uid_t uid, struct account *ret);

/* Call `each` for every account that the databases list; its return value below 0 ends the
 * walk and is returned.  A directory service may know more accounts than it lists. */
int account_each(int (*each)(const struct account *a, void *data), void *data);

/* Is this the group of nobody but the user: its own primary group, of its name, with no
 * other member?  Many systems give each user one, and let it write. */
bool account_group_is_private(uid_t uid, gid_t gid);

void account_done(struct account *a);

#endif /* LAUNCHER_ACCOUNT_H */
