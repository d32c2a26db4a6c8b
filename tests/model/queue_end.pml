/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a queue: `ended`, one look at each word, and who wakes whom (proto/sync/queue_end.hpp).
 *
 * Two lanes. A producer pushes to lane 0, consumers of lane 0 pass on to lane 1 or give back, the one
 * of lane 1 acknowledges. A ring is the set of slots that are listed: queue.pml shows how that works.
 * A word is stored first, then the slot is listed and whoever sleeps is woken, then comes the look at
 * `ended`: three steps.
 *
 * Nothing comes to a lane that somebody was told is finished; and in the end everybody was told.
 *
 *   -DN=2               items; there are two slots
 *   -DNC=3              two consumers of lane 1, not one; with DIE_C, of lane 0
 *   -DBACK=1            how often a consumer of lane 0 may give back
 *   -DDIE_P -DDIE_C     the producer, a consumer of lane 0 dies after any of its stores
 * Broken on purpose:
 *   NO_LOOK      the producer does not look at `ended` after it has marked a slot *filling*
 *   LOOK_FIRST   it looks before that
 *   NO_FILLING   the scan passes over slots that are being filled
 *   NO_TAKEN     ... over what consumers have taken
 *   NO_LAST_RING whoever makes a move after the end wakes nobody
 *   RING_FIRST   he wakes before his word is stored
 *   NO_END_RING  finish wakes nobody
 *   NO_SCAN      who is about to sleep looks at the rings again, but not at the words
 */
#define K 2
#ifndef N
#define N 2
#endif
#ifndef BACK
#define BACK 0
#endif
#define FREE 0
#define FILLING 1
#define QUEUED 2                  /* + lane; again as well */
#define TAKEN 4                   /* + lane */
#define NONE 7
#ifndef NC
#ifdef DIE_C
#define NC 3
#else
#define NC 2
#endif
#endif
#ifdef DIE_C
#define lane_of(c) (c == 1 -> 1 : 0)
#else
#define lane_of(c) (c > 0 -> 1 : 0)
#endif

byte word[K];
bit listed[K];
bool ended;
byte bell[2], counted[2];
bool asleep[NC];
bool told[2];                     /* somebody: the lane is finished */
byte owner[K];                    /* who filled or took it; 0 the producer, 1 + c a consumer */
bool is_dead[NC + 1];
bool may_die_p, may_die_c;

#ifdef NO_FILLING
#define comes_by_filling(w) false
#else
#define comes_by_filling(w) (w == FILLING)
#endif
#ifdef NO_TAKEN
#define comes_by_taken(w, l) false
#else
#define comes_by_taken(w, l) (w == TAKEN || (l == 1 && w == TAKEN + 1))
#endif
#define can_come(w, l) (comes_by_filling(w) || w == QUEUED || (l == 1 && w == QUEUED + 1) || comes_by_taken(w, l))

#define is_there(s, l) (word[s] == QUEUED + (l) && listed[s])
#define could_pop(l) (is_there(0, l) || is_there(1, l))

#define or_die_p if :: may_die_p -> may_die_p = false; goto died :: true fi
#define or_die_c if :: c == 0 && may_die_c -> may_die_c = false; goto died :: true fi

inline wake_all(l) {
  d_step {
    if :: lane_of(0) == l -> asleep[0] = false :: else fi;
    if :: lane_of(1) == l -> asleep[1] = false :: else fi;
#if NC > 2
    if :: lane_of(2) == l -> asleep[2] = false :: else fi
#endif
  }
}
inline ring_counted(l) {
  if
  :: counted[l] == 0
  :: counted[l] != 0 -> bell[l] = (bell[l] + 1) % 16; wake_all(l)
  fi
}
inline ring_lanes() { ring_counted(0); ring_counted(1) }
inline ring_if_ended() {
#ifdef NO_LAST_RING
  skip
#else
  if
  :: !ended
  :: atomic { ended -> ring_lanes() }
  fi
#endif
}
/* The queue's sleepers chain their wakes: queue_wake.pml. Here all are woken. */
inline list(s, l) {
  listed[s] = 1;
  if
  :: l < 2 -> ring_counted(l)
  :: else
  fi
}

proctype producer() {
  byte n = N, s = NONE;
  do
  :: n > 0 ->
#ifdef LOOK_FIRST
     if :: ended -> break :: !ended fi;
#endif
     if                                               /* try_claim, or sleeps for a slot */
     :: atomic { word[0] == FREE && listed[0] -> word[0] = FILLING; listed[0] = 0; s = 0; owner[s] = 0; or_die_p }
     :: atomic { word[1] == FREE && listed[1] -> word[1] = FILLING; listed[1] = 0; s = 1; owner[s] = 0; or_die_p }
     :: ended -> break
     fi;
#if !defined(NO_LOOK) && !defined(LOOK_FIRST)
     if
     :: ended ->
        atomic { word[s] = FREE; or_die_p }
        atomic { list(s, 2) }
        ring_if_ended();
        break
     :: !ended
     fi;
#endif
     atomic { assert(!told[0] && !told[1]); word[s] = QUEUED; or_die_p }
     atomic { list(s, 0); or_die_p }
     ring_if_ended();
     atomic { s = NONE; n-- }
  :: else -> break
  od;
  goto over;
died:
  is_dead[0] = true;
over:
  atomic { s = NONE; n = 0 }
}

inline look_through(l) {                              /* is_finished */
  finds = !ended;
  if
  :: finds
  :: else ->
     s = 0;
     do
     :: s < K && !finds -> atomic { finds = can_come(word[s], l); s++ }
     :: else -> break
     od
  fi;
  s = NONE
}

proctype consumer(byte c) {
  byte s = NONE, back = BACK, expected;
  bool finds;
  do
  ::
     if
     :: atomic { word[0] == QUEUED + lane_of(c) && listed[0] -> s = 0; word[0] = TAKEN + lane_of(c); listed[0] = 0; owner[0] = 1 + c; or_die_c }
     :: atomic { word[1] == QUEUED + lane_of(c) && listed[1] -> s = 1; word[1] = TAKEN + lane_of(c); listed[1] = 0; owner[1] = 1 + c; or_die_c }
     :: !could_pop(lane_of(c))
     fi;
     if
     :: s != NONE ->
#ifdef RING_FIRST
        ring_if_ended();
#endif
        if
        :: lane_of(c) == 1 -> atomic { word[s] = FREE; or_die_c }
           atomic { list(s, 2) }
        :: lane_of(c) == 0 -> atomic { assert(!told[1]); word[s] = QUEUED + 1; or_die_c }
           atomic { list(s, 1); or_die_c }
        :: lane_of(c) == 0 && back > 0 -> atomic { assert(!told[0]); back--; word[s] = QUEUED; or_die_c }
           atomic { list(s, 0); or_die_c }
        fi;
        s = NONE;
#ifndef RING_FIRST
        ring_if_ended()
#endif
     :: else ->
        look_through(lane_of(c));
        if
        :: !finds -> told[lane_of(c)] = true; break
        :: else
        fi;
        atomic { expected = bell[lane_of(c)]; counted[lane_of(c)]++; or_die_c }    /* count_on */
        if
        :: could_pop(lane_of(c))
        :: else ->
#ifdef NO_SCAN
           finds = true;
#else
           look_through(lane_of(c));
#endif
           if
           :: !finds
           :: else ->
              if
              :: atomic { bell[lane_of(c)] == expected -> asleep[c] = true }
                 !asleep[c]
              :: bell[lane_of(c)] != expected
              fi
           fi
        fi;
        atomic { finds = false; expected = 0; counted[lane_of(c)]--; or_die_c }
     fi
  od;
  goto over;
died:
  is_dead[1 + c] = true;
over:
  atomic { s = NONE; finds = false; expected = 0; back = 0 }
}

proctype finisher() {
  ended = true;
#ifndef NO_END_RING
  atomic { ring_lanes() }
#endif
}

/* Repairs, voids nobody's count but that of the dead: see queue_wake.pml for how. */
proctype broker() {
  byte s, d;
end:
  do
  :: atomic { is_dead[0] -> is_dead[0] = false; d = 0 } goto repair
#if NC > 2
  :: atomic { is_dead[1] -> is_dead[1] = false; d = 1 } goto repair
#endif
  od;
repair:
  s = 0;
  do
  :: s < K ->
     if
     :: atomic { owner[s] == d && word[s] == FILLING -> word[s] = FREE }
        listed[s] = 1
     :: atomic { owner[s] == d && d > 0 && word[s] == TAKEN -> assert(!told[0]); word[s] = QUEUED }
        listed[s] = 1
     :: atomic { owner[s] == d && word[s] < FILLING && !listed[s] -> listed[s] = 1 }
     :: atomic { owner[s] == d && word[s] >= QUEUED && word[s] < TAKEN && !listed[s] -> listed[s] = 1 }
     :: else
     fi;
     s++
  :: else -> break
  od;
  atomic { bell[0] = (bell[0] + 1) % 16; wake_all(0); bell[1] = (bell[1] + 1) % 16; wake_all(1); s = 0; d = 0 }
  goto end
}

init {
  byte s;
  atomic {
    do :: s < K -> listed[s] = 1; s++ :: else -> break od;
#ifdef DIE_P
    may_die_p = true;
#endif
#ifdef DIE_C
    may_die_c = true;
#endif
    run producer(); run finisher(); run broker(); run consumer(0); run consumer(1);
#if NC > 2
    run consumer(2)
#endif
  }
}
