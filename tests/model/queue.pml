/* SPDX-License-Identifier: Apache-2.0 */
/* Slots that circulate between rings of slot numbers (proto/sync/queue_ring.hpp, queue_repair.hpp).
 *
 * Two producers, two consumers, the broker. Every shared load, store or compare-exchange is one step of
 * its own, but cell and word are compared with what they should be in the step that loads them. A
 * process may die after each of its stores (dying after a load looks the same as before it). Sequential
 * consistency: the orders are relacy's matter.
 *
 *   word = seq | owner | phase         phase 0..4 = listed in that ring, FILL, TAKEN of lane 0 / 1
 *   cell = pos | seq | slot | full     EMPTY(pos) has seq = slot = full = 0
 * A full cell of the model has its whole position where the code has the turn and looks at the head
 * again. Positions and sequences run modulo PM and SM and start just below the wrap, so that they wrap
 * at once; PM and SM exceed the number of appends of a run: nobody sleeps through a whole turn.
 *
 *   -DK=2 -DCAP=3 -DN0=2 -DN1=1   slots, ring capacity, items of producer 1 and 2
 *   -DNACKS=1          how often a consumer may nack
 *   -DDIE_P -DDIE_C    producer 1 / consumer 3 may die    -DDIE_B  the broker may die once, restarts
 *   -DPASS             consumers pass lane 0 to lane 1; consumer 3 pops lane 0, consumer 4 both
 *   -DDROP             a producer that finds no free slot takes the oldest item of lane 0 instead
 *   -DHEADHELP         append helps a stale head past (needed if CAP == K)
 * Broken on purpose:
 *   APPEND_FIRST  append before the word is stored       NO_POS     take does not compare positions
 *   BR_BLIND      broker does not look at the word again BR_STORE   broker re-lists without looking
 *   NO_BUMP       broker re-lists with the old sequence  NO_LAG     append does not help a tail whose
 *                                                                   entry was already taken
 *   EMPTY_LATE    word seq not compared (phase alone decides that an entry is live)
 *   CAP == K      without HEADHELP: a ring may be full of one stale entry and all slots but one
 */
#ifndef K
#define K 2
#endif
#ifndef CAP
#define CAP (K+1)
#endif
#ifndef N0
#define N0 1
#endif
#ifndef N1
#define N1 1
#endif
#ifndef NACKS
#define NACKS 0
#endif
#define PM (4*CAP)
#define P0 (PM-1)
#define SM 16
#define S0 14
#define NITEM (N0+N1+1)

#define FREE 0
#define LANE 1
#define AGAIN 2
#ifdef PASS
#define NR 5
#else
#define NR 3
#endif
#define FILL 5
#define TAKEN 6
#define TAKEN1 7
#define NONE 7

#define W(q,o,ph)   (((q)%SM)*64 + (o)*8 + (ph))
#define PH(w)       ((w)%8)
#define OWN(w)      (((w)/8)%8)
#define SEQ(w)      ((w)/64)
#define MK(p,s,q)   (1 + 2*((s) + 4*((q) + SM*((p)%PM))))
#define EMPTY(p)    (2*4*SM*((p)%PM))
#define ISFULL(e)   ((e)%2)
#define SLOT(e)     (((e)/2)%4)
#define ESEQ(e)     (((e)/8)%SM)
#define POS(e)      ((e)/(8*SM))
#define CELL(r,p)   cell[(r)*CAP + (p)%CAP]
#ifdef EMPTY_LATE
#define LIVE(e,w,r) (PH(w)==(r))
#else
#define LIVE(e,w,r) (PH(w)==(r) && SEQ(w)==ESEQ(e))
#endif

short word[K];
short cell[NR*CAP];
byte head[NR], tail[NR];

/* ghosts */
byte data[K];                 /* item in the slot, 0 = rubbish */
byte hold[K];                 /* who holds the slot */
byte cnt[NR];                 /* appended and not yet taken */
bit pushed[NITEM], acked[NITEM];
byte left;                    /* pushed and not acked */
byte pa = 2, ca = 2;          /* producers, consumers still at work */
bit dead[5], handled[5];
bit bdied;

#ifdef DIE_P
#define MP (me==1)
#else
#define MP false
#endif
#ifdef DIE_C
#define MC (me==3)
#else
#define MC false
#endif
#ifdef DIE_B
#define MB (me==0 && !bdied)
#else
#define MB false
#endif
#define DIE if :: (MP || MC || MB) -> goto died :: true fi

#define NONEMPTY(r) (CELL(r,head[r]) != EMPTY(head[r]))
#define ALLDONE (pa==0 && left==0)

#define CAS(var, old, new) if :: (var)==(old) -> var = new; DIE :: else fi
#define RESET g = 0; e = 0; t = 0; w = 0

/* append (slot ms, sequence mq) to ring r; one line per step */
inline append(r) {
  do
  :: t = tail[r];
     atomic {
       e = CELL(r,t);
       if
       :: e==EMPTY(t)
       :: ISFULL(e) && POS(e)==t -> g = 1                       /* filled, tail lags */
       :: POS(e)==(t+CAP)%PM -> g = 2                           /* filled and already emptied, tail lags */
       :: ISFULL(e) && POS(e)==(t+PM-CAP)%PM -> g = 3           /* not yet emptied: a stale head */
       :: else -> assert(tail[r]!=t); g = 4                     /* t is old */
       fi
     }
     if
     :: atomic { g==0 ->
          if
          :: CELL(r,t)==e -> CELL(r,t) = MK(t,ms,mq); g = 5; e = 0;
             if :: PH(word[ms])==r && SEQ(word[ms])==mq -> cnt[r]++ :: else fi;
             DIE
          :: else -> RESET
          fi }
        if
        :: atomic { g==5 -> CAS(tail[r], t, (t+1)%PM); RESET; break }
        :: g==0
        fi
     :: atomic { g==1 -> CAS(tail[r], t, (t+1)%PM); RESET }
#ifdef NO_LAG
     :: atomic { g==2 -> RESET }
#else
     :: atomic { g==2 -> CAS(tail[r], t, (t+1)%PM); RESET }
#endif
#ifdef HEADHELP
     :: atomic { g==3 -> w = word[SLOT(e)] }
        atomic { assert(!LIVE(e,w,r)); CAS(CELL(r,t), e, EMPTY(t)); RESET }
#else
     :: g==3 -> assert(false)                                   /* found the ring full */
#endif
     :: atomic { g==4 -> RESET }
     fi
  od
}

/* take from ring r into phase ph; result ms (NONE = empty) and mq */
inline take(r, ph) {
  do
  :: t = head[r];
     atomic {
       e = CELL(r,t);
       if
       :: e==EMPTY(t) -> assert(cnt[r]==0); ms = NONE; RESET; break
#ifdef NO_POS
       :: ISFULL(e)
       :: !ISFULL(e) && e!=EMPTY(t) -> g = 1
#else
       :: ISFULL(e) && POS(e)==t
       :: POS(e)==(t+CAP)%PM -> g = 1                           /* emptied, head lags */
       :: else -> assert(head[r]!=t); g = 4                     /* t is old */
#endif
       fi
     }
     if
     :: atomic { g==0 -> w = word[SLOT(e)]; if :: LIVE(e,w,r) :: else -> g = 6 fi }
        if
        :: atomic { g==0 ->
             if
             :: word[SLOT(e)]==w ->                             /* this CAS decides */
                ms = SLOT(e); mq = SEQ(w); word[ms] = W(mq, me, ph); g = 5; w = 0;
                cnt[r]--; assert(hold[ms]==0); hold[ms] = me;
                assert(head[r]==t);                             /* FIFO: it was the head */
#ifdef DROP
                if :: r==LANE && ph==FILL -> acked[data[ms]] = 1; left--; data[ms] = 0 :: else fi;
#endif
                DIE
             :: else -> g = 6; w = 0
             fi }
        :: atomic { g==6 -> w = 0 }
        fi;
        atomic { CAS(CELL(r,t), e, EMPTY(t+CAP)); e = 0 }
        atomic {
          CAS(head[r], t, (t+1)%PM);
          if :: g==5 -> RESET; break :: else -> RESET fi
        }
     :: atomic { g==1 -> CAS(head[r], t, (t+1)%PM); RESET }
     :: atomic { g==4 -> RESET }
     fi
  od
}

#define LOCALS byte t, g, mq, r; byte ms = NONE; short e, w

proctype Producer(byte me; byte first; byte n) {
  LOCALS;
  do
  :: n > 0 ->
     take(FREE, FILL);
#ifdef DROP
     if
     :: ms==NONE -> take(LANE, FILL)
     :: else
     fi;
#endif
     if
     :: atomic { ms==NONE && NONEMPTY(FREE) -> skip }  /* sleeps: see queue_wake.pml */
     :: atomic { ms!=NONE -> data[ms] = first; DIE }
#ifdef APPEND_FIRST
        mq = (mq+1)%SM;
        append(LANE);
        atomic { word[ms] = W(mq, me, LANE); hold[ms] = 0; cnt[LANE]++; pushed[first] = 1; left++; DIE }
#else
        atomic { mq = (mq+1)%SM; word[ms] = W(mq, me, LANE); hold[ms] = 0; pushed[first] = 1; left++; DIE }
        append(LANE);
#endif
        atomic { ms = NONE; mq = 0; first++; n-- }
     fi
  :: else -> break
  od;
  atomic { pa--; goto out }
died: atomic { dead[me] = 1; pa--; if :: ms!=NONE && hold[ms]==me -> hold[ms] = 0 :: else fi }
out: skip
}

proctype Consumer(byte me) {
  LOCALS; byte nacks;
#ifdef PASS
  byte la = (me==3 -> LANE : 3), ph = (me==3 -> TAKEN : TAKEN1);
#else
#define la LANE
#define ph TAKEN
#endif
  do
  :: take(la+1, ph);
     if :: ms==NONE -> take(la, ph) :: else fi;
     if
     :: (ms==NONE && (NONEMPTY(la+1) || NONEMPTY(la)))   /* sleeps */
#ifdef PASS
     :: atomic { ms==NONE && me==4 && (la==LANE -> NONEMPTY(3) || NONEMPTY(4) : NONEMPTY(LANE) || NONEMPTY(AGAIN)) ->
          la = 4-la; ph = TAKEN+TAKEN1-ph }
#endif
     :: (ms==NONE && ALLDONE) -> break
     :: atomic { ms!=NONE ->
          assert(data[ms]>0 && pushed[data[ms]] && !acked[data[ms]]);
          mq = (mq+1)%SM;
          if
#ifdef PASS
          :: la==LANE -> r = 3
          :: la==3 -> r = FREE
#else
          :: r = FREE
#endif
          :: nacks<NACKS -> nacks++; r = la+1
          fi
          assert(hold[ms]==me);
          if :: r==FREE -> acked[data[ms]] = 1; left--; data[ms] = 0 :: else fi;
          hold[ms] = 0; word[ms] = W(mq, me, r); DIE
        }
        append(r);
        atomic { ms = NONE; mq = 0; r = 0 }
     fi
  od;
  atomic { ca--; goto out }
died: atomic { dead[me] = 1; ca--; if :: ms!=NONE && hold[ms]==me -> hold[ms] = 0 :: else fi }
out: skip
}

/* The broker, for a dead session d (and for itself after a restart). */
proctype Broker() {
  LOCALS; byte me, d, i, s; bit found; short v;
  goto idle;
died: atomic { bdied = 1; t = 0; e = 0; w = 0; g = 0; ms = NONE; mq = 0; r = 0; d = 0; s = 0; i = 0; found = 0; v = 0 }
idle:
end: do
  :: atomic { (dead[1] && !handled[1]) -> d = 1 } ; s = 0;
     goto pass
  :: atomic { (dead[3] && !handled[3]) -> d = 3 } ; s = 0;
     goto pass
  od;
pass:
  do
  :: s<K ->
     atomic { v = word[s]; ms = s; mq = SEQ(v) }
     if
     :: !(OWN(v)==d || (OWN(v)==0 && bdied))
     :: else ->
        if
        :: PH(v)>=FILL ->
           atomic {
             r = (PH(v)==FILL -> FREE : (PH(v)==TAKEN -> AGAIN : AGAIN+2));
#ifdef NO_BUMP
             word[s] = W(mq, 0, r);
#else
             mq = (mq+1)%SM; word[s] = W(mq, 0, r);
#endif
             DIE
           }
           append(r)
        :: else ->
           r = PH(v);
#ifdef BR_STORE
           atomic { mq = (mq+1)%SM; word[s] = W(mq, 0, r); DIE }
           append(r)
#else
           atomic { i = 0; found = 0 }
           do
           :: i<CAP && !found -> atomic { if :: cell[r*CAP+i]/2%(4*SM) == s+4*mq && ISFULL(cell[r*CAP+i]) -> found = 1 :: else fi; i++ }
           :: else -> break
           od;
           if
           :: found
           :: else ->
#ifndef BR_BLIND
              if
              :: word[s]==v -> append(r)
              :: else
              fi
#else
              append(r)
#endif
           fi
#endif
        fi
     fi;
     atomic { ms = NONE; mq = 0; r = 0; v = 0; i = 0; found = 0; s++ }
  :: else -> break
  od;
  atomic { handled[d] = 1; d = 0; s = 0; goto idle }
}

proctype Monitor() {
  byte s, i, n;
  (pa==0 && ca==0 && (!dead[1] || handled[1]) && (!dead[3] || handled[3]));
  d_step {
    assert(left==0);
    s = 0;
    do
    :: s<K -> 
       assert(PH(word[s])==FREE); n = 0; i = 0;
       do
       :: i<NR*CAP ->
          if :: ISFULL(cell[i]) && SLOT(cell[i])==s && ESEQ(cell[i])==SEQ(word[s]) -> n++; assert(i<CAP) :: else fi;
          i++
       :: else -> break
       od;
       assert(n==1); s++
    :: else -> break
    od
  }
}

init {
  byte i, j;
  d_step {
    i = 0;
    do
    :: i<NR -> head[i] = P0; tail[i] = P0; j = 0;
       do
       :: j<CAP -> CELL(i,P0+j) = EMPTY(P0+j); j++
       :: else -> break
       od;
       i++
    :: else -> break
    od;
    i = 0;
    do
    :: i<K -> word[i] = W(S0,0,FREE); CELL(FREE,P0+i) = MK(P0+i,i,S0); i++
    :: else -> break
    od;
    tail[FREE] = (P0+K)%PM; cnt[FREE] = K; i = 0; j = 0
  }
  atomic { run Producer(1,1,N0); run Producer(2,1+N0,N1); run Consumer(3); run Consumer(4); run Broker(); run Monitor() }
}
