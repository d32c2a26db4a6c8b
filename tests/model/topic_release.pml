/* SPDX-License-Identifier: Apache-2.0 */
/* The other direction: a publisher that waits for a slot, and subscribers that let slots go without a
 * fence. What they store may stand in their store buffer while they already look at the flag, so a flag
 * can be missed; the publisher looks again each millisecond, and that is what the first runs rest on.
 * Steps are named like the functions of proto/sync.
 *
 *   -DNS=2 -DNR=2   subscribers, views of each     -DNV=2   slots the publisher wants
 *   -DDIE_SUB       subscriber 0 dies after any of its stores; then the broker clears its entry and rings
 *   -DNO_SLICE      the publisher does not look again by itself: breaks, unless
 *   -DFENCE         let_go has a full fence before wake_publisher
 *   -DWAKE_FIRST    wake_publisher adds one to `wake` before it takes the flag down (with NO_SLICE, FENCE)
 *   -DNO_RING       the broker does not ring (with NO_SLICE, FENCE)
 */
#ifndef NS
#define NS 2
#endif
#ifndef NR
#define NR 2
#endif
#ifndef NV
#define NV 2
#endif
bool holds[NS];                   /* in memory: what the publisher sees */
bool buffered[NS];                /* a store of `false` on its way there */
byte wake;
bool flag, asleep, may_die, dead;
#define or_die if :: s == 0 && may_die -> may_die = false; goto died :: true fi

bool is_held;
inline look() {
  d_step {
    k = 0; is_held = false;
    do :: k < NS -> is_held = is_held || holds[k]; k++ :: else -> break od;
    k = 0
  }
}

proctype write_back(byte s) {
end:
  do
  :: d_step { buffered[s] -> holds[s] = false; buffered[s] = false }
  od
}

proctype subscriber(byte s) {
  byte n;
  do
  :: n < NR ->
     atomic { !buffered[s] -> holds[s] = true; or_die }   /* try_hold, with its fence */
     atomic { buffered[s] = true; or_die }                /* let_go */
#ifdef FENCE
     !buffered[s];
#endif
     if                                                   /* wake_publisher */
     :: !flag
     :: else ->
#ifdef WAKE_FIRST
        atomic { !buffered[s] -> wake++; or_die }
        atomic { flag = false; or_die }
#else
        atomic { !buffered[s] -> flag = false; or_die }   /* an exchange empties the buffer */
        atomic { wake++; or_die }
#endif
        atomic { asleep = false; or_die }
     fi;
     n++
  :: else -> break
  od;
  goto over;
died:
  dead = true;
over:
  n = 0
}

proctype publisher() {
  byte n, k, expected;
  do
  :: n < NV ->
again:
     expected = wake;                                     /* announce_sleep */
     flag = true;
     look();                                              /* try_claim */
     if
     :: !is_held -> atomic { n++; expected = 0 }
     :: else ->
        if                                                /* futex_wait */
        :: atomic { wake != expected -> expected = 0; goto again }
        :: atomic { wake == expected -> expected = 0; asleep = true }
        fi;
end_asleep:
        if
        :: !asleep
#ifndef NO_SLICE
        :: asleep = false                                 /* a millisecond has passed */
#endif
        fi;
        goto again
     fi
  :: else -> break
  od
}

proctype broker() {
end:
  do
  :: atomic { dead && !buffered[0] -> dead = false }
     holds[0] = false;                                    /* unregister_entry */
#ifndef NO_RING
     wake++; asleep = false                               /* ring */
#endif
  od
}

proctype onlooker() {
  byte k;
end:
  timeout -> look(); assert(!(asleep && !is_held))
}

init {
  byte p;
  atomic {
#ifdef DIE_SUB
    may_die = true;
#endif
    run broker(); run onlooker(); run publisher();
    do :: p < NS -> run write_back(p); run subscriber(p); p++ :: else -> p = 0; break od
  }
}
