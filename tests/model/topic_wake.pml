/* SPDX-License-Identifier: Apache-2.0 */
/* Waking the readers of a topic. The flag lies in `bell` (readers with the hold right write it), the
 * futex word `wake` in `head` (only the publisher and the broker write it). Steps are named like the
 * functions of proto/sync/topic_wake.hpp; a pollable descriptor is client/lib/poller.cpp, poll_thread.cpp.
 *
 * Spin is sequentially consistent: that stands for the store, full fence, load on both sides.
 * FUTEX_WAIT compares and falls asleep in one step.
 *
 *   -DNW=2 -DPOLLERS=1        waiters, and how many of them poll (the last ones)
 *   -DNV=3                    versions
 *   -DDIE_WAITER -DDIE_PUB    waiter 0, the publisher dies after any of its stores; then the broker rings
 *   -DDEADLINE                waiter 0 gives up while it is asleep
 * Broken on purpose:
 *   VERSION_WORD  the futex word is the version: a reader that raises its flag between the publisher's
 *                 look and its clearing sleeps for ever
 *   WAKE_FIRST    wake_readers adds one to `wake` before it takes the flag down
 *   KEEP_FLAG     wake_readers looks at the flag, wakes, and takes it down at the end
 *   LATE_READ     announce_sleep reads `wake` after it has raised the flag
 *   NO_RECHECK    the reader does not look again after announce_sleep
 *   NO_RING       the broker does not ring after a death
 *   LATE_REARM    the eventfd is emptied after announce_sleep
 *   FRESH_WORD    the poll thread sleeps on what `wake` is by then, not on what it has signalled
 */
#ifndef NW
#define NW 2
#endif
#ifndef NV
#define NV 3
#endif
#ifndef POLLERS
#define POLLERS 0
#endif
#define polls(w) ((w) >= NW - POLLERS)
byte latest, wake;
bool flag;
bool asleep[NW];                  /* in FUTEX_WAIT: a waiter, or the poll thread of one that polls */
bool readable[NW];                /* its eventfd */
bool waiting[NW];                 /* until somebody wakes it */
byte seen[NW], deaths;
bool may_die_w, may_die_p;
#ifdef VERSION_WORD
#define FUTEX latest
#else
#define FUTEX wake
#endif
#define is_newer(w) (latest > seen[w])
#define or_die_w if :: w == 0 && may_die_w -> may_die_w = false; asleep[0] = false; deaths++; goto over :: true fi
#define or_die_p if :: may_die_p -> may_die_p = false; deaths++; goto over :: true fi
inline wake_all() { d_step { k = 0; do :: k < NW -> asleep[k] = false; k++ :: else -> break od; k = 0 } }

inline wake_readers() {
  if
  :: !flag
  :: else ->
#ifdef WAKE_FIRST
     atomic { wake++; or_die_p }
     atomic { flag = false; or_die_p }
#else
#ifndef KEEP_FLAG
     atomic { flag = false; or_die_p }                /* the exchange */
#endif
#ifndef VERSION_WORD
     atomic { wake++; or_die_p }
#endif
#endif
     atomic { wake_all(); or_die_p }
#ifdef KEEP_FLAG
     atomic { flag = false; or_die_p }
#endif
  fi
}

proctype publisher() {
  byte n, k;
  do
  :: n < NV ->
     atomic { n++; latest = n; or_die_p }             /* publish */
     wake_readers()
  :: else -> break
  od;
over:
  atomic { n = 0; k = 0 }
}

inline announce_sleep() {
#ifdef LATE_READ
  atomic { flag = true; or_die_w }
  expected = FUTEX
#else
  expected = FUTEX;
  atomic { flag = true; or_die_w }
#endif
}

proctype waiter(byte w) {
  byte expected;
  do
  ::
look:
     if
     :: atomic { is_newer(w) -> seen[w] = latest; or_die_w } goto look
     :: atomic { !is_newer(w) -> or_die_w }
     fi;
#ifdef LATE_READ
     atomic { flag = true; or_die_w }
     if :: is_newer(w) -> goto look :: !is_newer(w) fi;
     expected = FUTEX;
#else
     announce_sleep();
#ifndef NO_RECHECK
     if :: is_newer(w) -> expected = 0; goto look :: !is_newer(w) fi;
#endif
#endif
     if                                               /* futex_wait */
     :: atomic { FUTEX != expected -> expected = 0; goto look }
     :: atomic { FUTEX == expected -> expected = 0; asleep[w] = true; waiting[w] = true; or_die_w }
     fi;
end_asleep:
     if
     :: atomic { !asleep[w] -> waiting[w] = false; or_die_w }
#ifdef DEADLINE
     :: atomic { w == 0 -> asleep[0] = false; waiting[0] = false } goto over
#endif
     fi
  od;
over:
  atomic { waiting[w] = false; expected = 0 }
}

#if POLLERS > 0
/* Calls in vain, then sleeps until its descriptor is readable. */
proctype poller(byte w) {
  byte expected;
over:                                                 /* nobody dies here */
  do
  ::
look:
     if
     :: atomic { is_newer(w) -> seen[w] = latest } goto look
     :: !is_newer(w)
     fi;
#ifndef LATE_REARM
     readable[w] = false;                             /* rearm */
#endif
     announce_sleep();
     if :: is_newer(w) -> expected = 0; goto look :: !is_newer(w) fi;
#ifdef LATE_REARM
     readable[w] = false;
#endif
     atomic { expected = 0; waiting[w] = true }
end_parked:
     atomic { readable[w] -> waiting[w] = false }
  od
}

proctype poll_thread(byte w) {
  byte last, now;
  do
  :: now = wake;
     if
     :: now != last -> last = now; readable[w] = true /* signal_changes */
     :: else
     fi;
#ifdef FRESH_WORD
     last = wake;
#endif
     now = 0;
     if                                               /* futex_wait_any */
     :: wake != last
     :: atomic { wake == last -> asleep[w] = true }
end_asleep:
        !asleep[w]
     fi
  od
}
#endif

proctype broker() {
  byte k;
end:
  do
  :: atomic { deaths > 0 -> deaths-- }
#ifndef NO_RING
     wake++; wake_all()                               /* ring */
#endif
  od
}

proctype onlooker() {             /* nothing moves any more: nobody may still wait for what is there */
  byte w;
end:
  timeout -> do :: w < NW -> assert(!(waiting[w] && is_newer(w))); w++ :: else -> break od
}

init {
  byte p;
  atomic {
#ifdef DIE_WAITER
    may_die_w = true;
#endif
#ifdef DIE_PUB
    may_die_p = true;
#endif
    run broker(); run onlooker(); run publisher();
    do
    :: p < NW && !polls(p) -> run waiter(p); p++
#if POLLERS > 0
    :: p < NW && polls(p) -> readable[p] = true; run poller(p); run poll_thread(p); p++
#endif
    :: p == NW -> p = 0; break
    od
  }
}
