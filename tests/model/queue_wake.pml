/* SPDX-License-Identifier: Apache-2.0 */
/* Who sleeps, who polls, who wakes (proto/sync/queue_wake.hpp), for one lane and its again ring.
 *
 * The ring is a FIFO channel (queue.pml shows that it behaves like one). Every shared access is a step
 * of its own; FUTEX_WAIT compares and falls asleep in one step, FUTEX_WAKE(1) wakes any sleeper. A
 * process may die after each of its stores, while asleep, and when just woken. A consumer that took an
 * item may be busy with it for ever (alive).
 *
 * When nothing can move any more: if a living consumer sleeps or polls, every item in the ring belongs
 * to a push that is itself stuck half-way (its producer is stopped); and the counts are right.
 *
 *   -DNC=2 -DN0=1 -DN1=1 consumers that sleep; items of producer NC and NC + 1
 *   -DPOLLER             one more that polls
 *   -DDIE_P -DDIE_C      producer NC, consumer 0 may die       -DDIE_B   the broker once, restarts
 *   -DSTUCK              producer NC may stop for ever between its append and the end of its wake
 *   -DTIMEOUT            a wait may time out and the consumer leave; -DCANCEL a woken or refused one leaves
 *   -DNO_EPOCH           the broker does not void the counts of the dead: they are too high for ever
 *   -DZERO               it sets them to zero before it wakes
 * Broken on purpose:
 *   FLAG0      a flag in the place of the counts, which stays set unless FUTEX_WAKE woke nobody
 *   FLAGX      ... which is cleared before the wake, and set again if somebody was woken
 *   OLD_LATE   the bell is read after the second look     OLD_MID     ... between the count and that look
 *   NO_CHAIN   a woken consumer does not wake the next    NO_PASS_ON  ... nor when it leaves without taking
 *   NO_RING    the broker does not ring after a death     NO_RECHECK  no second look
 *   POLL_LATE  a poller reads its bell after the second look          POLL_NO_RECHECK  it has none
 */
#ifndef NC
#define NC 2
#endif
#ifndef N0
#define N0 1
#endif
#ifndef N1
#define N1 1
#endif
#define NPROC (NC+2)
chan q = [8] of { byte };      /* producer of each item */
byte bell, wn, we;             /* futex word; sleepers and their epoch, with wp one atomic word */
byte pbell, wp;                /* the same for those who poll */
bit parked;                    /* one does, until pbell changes */
bit flag;
bit asleep[NC];
bit gone[NPROC], handled[NPROC], stuck[NPROC];
bit inhand[NC]; byte item[NC];
bit bdied, unused;

#ifdef DIE_P
#define MP (me==NC)
#else
#define MP false
#endif
#ifdef DIE_C
#define MC (me==0)
#else
#define MC false
#endif
#ifdef STUCK
#define MS (me==NC)
#else
#define MS false
#endif
#define DIE if :: (MP || MC) -> goto died :: MS -> goto halt :: true fi

inline wake1_of(woken) {
  atomic {
    if
    :: asleep[0] -> asleep[0] = 0; woken = 1
#if NC>1
    :: asleep[1] -> asleep[1] = 0; woken = 1
#endif
#if NC>2
    :: asleep[2] -> asleep[2] = 0; woken = 1
#endif
    :: else -> woken = 0
    fi;
    DIE
  }
}
#define wake1() wake1_of(n)

inline ring1() {
#ifdef FLAG0
  atomic { bell = (bell+1)%16; DIE }
  n = flag;
  if
  :: n -> wake1(); if :: n -> n = 0 :: else -> atomic { flag = 0; DIE } fi
  :: else
  fi
#else
#ifdef FLAGX
  n = flag;
  if
  :: n -> atomic { flag = 0; DIE } atomic { bell = (bell+1)%16; DIE } wake1();
          if :: n -> atomic { flag = 1; n = 0; DIE } :: else fi
  :: else
  fi
#else
  atomic { n = (wn>0) + 2*(wp>0) }
  if
  :: n%2 -> atomic { bell = (bell+1)%16; DIE } wake1_of(unused); unused = 0
  :: else
  fi;
#ifdef POLLER
  if
  :: n/2 -> atomic { pbell = (pbell+1)%16; DIE }
  :: else
  fi;
#endif
  n = 0
#endif
#endif
}

proctype Producer(byte me; byte i) {
  byte n;
  do
  :: i>0 -> atomic { q!me; i--; DIE }
            ring1()
  :: else -> break
  od;
  goto out;
died: atomic { gone[me] = 1; goto out }
halt: atomic { stuck[me] = 1 }
out: skip
}

proctype Consumer(byte me) {
  byte n, old, ep; bit slept, leave, wk;
again:
  if
  :: atomic { len(q)>0 -> q?item[me]; inhand[me] = 1; DIE }
#ifndef NO_CHAIN
     if
     :: slept -> if :: len(q)>0 -> ring1() :: len(q)==0 fi
     :: else
     fi;
#endif
     if
     :: true -> atomic { inhand[me] = 0; slept = 0; item[me] = 0; DIE } goto again
     :: true -> goto out              /* busy for ever */
     fi
  :: atomic { len(q)==0 -> slept = 0 }
  fi;
#if !defined(OLD_LATE) && !defined(OLD_MID)
  old = bell;
#endif
#if defined(FLAG0) || defined(FLAGX)
  atomic { flag = 1; DIE }
#else
  atomic { wn++; ep = we; DIE }
#endif
#ifdef OLD_MID
  old = bell;
#endif
  wk = 0;
#ifdef NO_RECHECK
  if
  :: true ->
#else
  if
  :: len(q)>0
  :: len(q)==0 ->
#endif
#ifdef OLD_LATE
     old = bell;
#endif
     if
     :: atomic { bell==old -> asleep[me] = 1 }
        if
#ifdef TIMEOUT
        :: true -> 
end1:      if
           :: atomic { asleep[me] -> asleep[me] = 0; leave = 1 }      /* timed out */
           :: !asleep[me] -> wk = 1; slept = 1
           fi
#endif
        :: true ->
end2:      if
           :: !asleep[me] -> wk = 1; slept = 1
#ifdef DIE_C
           :: atomic { me==0 -> asleep[me] = 0; goto died }
#endif
           fi
        fi
     :: bell!=old
     fi
  fi;
#ifdef CANCEL
  if :: leave = 1 :: true fi;
#endif
#if !defined(FLAG0) && !defined(FLAGX)
  atomic {                                                  /* unregister */
    if
#ifdef NO_EPOCH
    :: true -> wn--
#else
    :: we==ep -> wn--
    :: else
#endif
    fi;
    ep = 0; old = 0; DIE
  }
#endif
  if
  :: leave ->
#ifndef NO_PASS_ON
     if
     :: wk -> if :: len(q)>0 -> ring1() :: len(q)==0 fi
     :: else
     fi;
#endif
     goto out
  :: else -> goto again
  fi;
died: atomic { gone[me] = 1; goto out }
halt: skip;
out: skip
}

#ifdef POLLER
proctype Poller() {
  byte x, expected, ep;
  do
  :: atomic { len(q)>0 -> q?x; x = 0; if :: true :: goto busy fi }
  :: len(q)==0 ->
     expected = pbell;
     atomic { wp++; ep = we }
#ifdef POLL_NO_RECHECK
     if
     :: true ->
#else
     if
     :: len(q)>0
     :: len(q)==0 ->
#endif
#ifdef POLL_LATE
        expected = pbell;
#endif
        parked = 1;
end:    atomic { pbell!=expected -> parked = 0 }
     fi;
     atomic {                                               /* its next verb */
       if
       :: we==ep -> wp--
       :: else
       fi;
       ep = 0; expected = 0
     }
  od;
busy: skip
}
#endif

proctype Broker() {
  byte d, k, kp;
  goto idle;
dead: atomic { bdied = 1; d = 0; k = 0; kp = 0 }
idle:
end: if
  :: atomic { gone[0] && !handled[0] -> d = 0 }
  :: atomic { gone[NC] && !handled[NC] -> d = NC }
  fi;
#ifdef DIE_B
#define BDIE if :: !bdied -> goto dead :: true fi
#else
#define BDIE skip
#endif
  if
  :: atomic { d<NC && inhand[d] -> q!item[d]; inhand[d] = 0; item[d] = 0; BDIE }
  :: !(d<NC && inhand[d])
  fi;
#ifndef NO_RING
#if defined(FLAG0) || defined(FLAGX)
#else
#ifdef ZERO
  atomic { we++; wn = 0; wp = 0; BDIE }
#else
#ifndef NO_EPOCH
  atomic { we++; k = wn; kp = wp; BDIE }
#endif
#endif
#endif
  atomic { bell = (bell+1)%16; BDIE }
  d_step { asleep[0] = 0;
#if NC>1
    asleep[1] = 0;
#endif
#if NC>2
    asleep[2] = 0
#endif
  }
#ifdef POLLER
  atomic { pbell = (pbell+1)%16; BDIE }
#endif
#if !defined(FLAG0) && !defined(FLAGX) && !defined(ZERO)
  atomic { assert(wn>=k && wp>=kp); wn = wn - k; wp = wp - kp; k = 0; kp = 0; BDIE }
#endif
#endif
  atomic { handled[d] = 1; d = 0; goto idle }
}

proctype Monitor() {
  byte x, i, s;
end:
  timeout ->
  d_step {
    i = 0; s = 0;
    do :: i<NC -> s = s + asleep[i]; i++ :: else -> break od;
#if !defined(FLAG0) && !defined(FLAGX) && !defined(NO_EPOCH)
    assert(wn==s && wp==parked);
#endif
    do
    :: len(q)>0 -> q?x; assert((s==0 && !parked) || stuck[x])
    :: else -> break
    od
  }
}

init {
  atomic {
    run Consumer(0);
#if NC>1
    run Consumer(1);
#endif
#if NC>2
    run Consumer(2);
#endif
#ifdef POLLER
    run Poller();
#endif
    run Producer(NC,N0); run Producer(NC+1,N1); run Broker(); run Monitor()
  }
}
