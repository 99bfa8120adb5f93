/*
 * copy_hook.h
 *		COPY FROM taken over where the target is a stage.
 */
#ifndef AIODAL_COPY_HOOK_H
#define AIODAL_COPY_HOOK_H

/* Called once, when the library is loaded. */
extern void InstallCopyHook(void);

#endif /* AIODAL_COPY_HOOK_H */
