/* SPDX-License-Identifier: Apache-2.0 */
/* The data of one topic: one publisher (a second one takes over after a death), two subscribers, the
 * broker. Steps are named like the functions of proto/sync; by default all of them are there. Each
 * load or store of a shared word is a step of its own.
 *
 * Order of stores. Spin is sequentially consistent, so a store that races with a later load of the
 * same process (`later`: a hold, a claim, `latest`, "seen nothing") goes through that process's FIFO
 * store buffer, as on x86, and reaches memory at any later time. Every other store (`store`) and every
 * fence waits until the buffer is empty. Nobody loads a word that is in its own buffer, so no
 * forwarding is needed. Weaker orders are the business of the *_relacy.cpp beside this.
 *
 * The data of a slot are two cells, written and read in separate steps. A process may die after each
 * of its stores; dying after a load looks the same to everybody else.
 *
 *   -DK=2 -DNV=4                      slots; versions to publish
 *   -DNVIEW0=2 -DNVIEW1=2             calls per subscriber
 *   -DREAD0=LATEST -DREAD1=NEXT|SNAP  which call: view_latest, view_next, snapshot
 *   -DLOSSLESS                        retention; subscribers start at the newest, with
 *   -DOLDEST                          subscriber 0 at the oldest kept
 *   -DLAG                             lossless: a publisher without a slot may drop_laggards
 *   -DJOIN                            the publisher waits for subscriber 0 after the first version
 *   -DDROP                            a draft may be dropped, once
 *   -DDIE_SUB -DDIE_PUB               subscriber 0, publisher 1 may die
 *   -DRESUB                           the entry of a dead subscriber is given to a new one
 *   -DKEEP                            a subscriber keeps its first view while it makes its other calls
 *   -DSTUCK                           subscriber 0 stops for ever while it holds a slot
 *   -DROTATE                          try_claim tries the slots in turn, as the code does (default: any
 *                                     order, which covers every turn)
 * Broken on purpose, one step left out or misplaced:
 *   NO_HOLD_FENCE NO_CLAIM_FENCE      try_hold, claim: the fence between store and load
 *   NO_RECHECK NO_RESCAN              try_hold, claim: the load after it
 *   NO_CLAIMED                        claim marks `writing` at once: there is nothing to restore
 *   CLEAR_ALL                         a try_hold that failed clears the bits that older views need
 *   LATEST_FIRST                      publish stores `latest` before the slot word
 *   DROP_RESTORES                     drop puts the old word back, as a claim taken back does
 *   NO_COMPLETE                       repair_publisher does not complete `latest`
 *   UNBOUNDED                         smallest_ready takes versions above `latest`
 *   NEXT_RETRIES                      view_next waits for a claimed version (overwrite)
 *   ANY_VERSION                       snapshot takes whatever version the slot holds
 *   NO_START_FENCE LATEST_EARLY       start: no fence; `latest` is read before the registration
 *   OLDEST_ANY                        oldest_kept: the smallest version, even if its successor is gone
 *   START_STORES                      start says what it has seen without looking whether it was dropped
 *   JOIN_FIRST                        start stores `joined` before it reads `latest`
 *   NO_FIRST_FENCE NO_PUBLISH_FENCE   try_claim, publish: the fence after the store of `latest`
 *   ZOMBIE                            the broker clears the entry of a subscriber that still runs
 */
#define LATEST 0
#define NEXT   1
#define SNAP   2
#ifndef K
#define K 2
#endif
#ifndef NV
#define NV 4
#endif
#ifndef NVIEW0
#define NVIEW0 2
#endif
#ifndef NVIEW1
#define NVIEW1 2
#endif
#ifndef READ0
#define READ0 LATEST
#endif
#ifndef READ1
#define READ1 LATEST
#endif
#define NSUB 2
#define PUB  2                    /* the publisher's index in sb[], may_die[], dead[] */

/* slot word = phase | version */
#define FREE     0
#define CLAIMED  16
#define WRITING  32
#define READY    48
#define POISONED 64
#define phase_of(w) ((w) & 112)
#define ver_of(w)   ((w) & 15)
#ifdef UNBOUNDED
#define is_visible(w) true
#else
#define is_visible(w) (ver_of(w) <= l / 4)
#endif

/* shared memory */
#define WORD(i)   (i)
#define LAST      (K)             /* `latest` = version * 4 + slot */
#define DATA0(i)  (K + 1 + 2 * (i))
#define DATA1(i)  (K + 2 + 2 * (i))
#define HOLD(s)   (3 * K + 1 + (s))
#define SEEN(s)   (3 * K + 3 + (s))
#define UNREGISTERED 255
#define DROPPED      254
byte mem[3 * K + 5];
#ifdef JOIN
bool joined;                      /* of subscriber 0 */
#endif

chan sb[3] = [1] of { byte, byte };   /* the store buffers: a fence follows each `later` */
bool may_die[3], dead[3];

/* What an onlooker knows, for the assertions alone. */
byte stamp_of[8];                 /* which bundle was seen under a version */
bool drafted[8];                  /* the publisher set out to reuse this version's slot */
bool gone[8];                     /* this version's bytes may have been given up */
byte counted = 255;               /* the newest version when the publisher counted subscriber 0 */

#define or_die(p) if :: may_die[p] -> may_die[p] = false; goto died :: true fi
#define later(p, addr, val) atomic { sb[p]!addr, val; or_die(p) }
#define store(p, addr, val) atomic { empty(sb[p]) -> mem[addr] = val; or_die(p) }
#define fence(p) empty(sb[p])

proctype write_back(byte p) {
  byte addr, val;
end:
  do
  :: d_step { sb[p]?addr, val -> mem[addr] = val; addr = 0; val = 0 }
  od
}

/* ---- proto/sync/slot_holds.hpp, topic_reader.hpp */

/* A compare-exchange of this subscriber's `seen`. */
inline change_seen(expected, wanted) {
  atomic {
    empty(sb[s]);
    if
    :: mem[SEEN(s)] == expected -> mem[SEEN(s)] = wanted
    :: else -> was_dropped = true
    fi;
    or_die(s)
  }
}

/* The smallest ready version in (after, latest] is v, in slot i; v = 0: none. */
inline smallest_ready(after) {
  do
  :: m < K ->
     d_step {
       w = mem[WORD(m)];
       if
       :: phase_of(w) == READY && is_visible(w) && ver_of(w) > (after) && (v == 0 || ver_of(w) < v) ->
          v = ver_of(w); i = m
       :: else
       fi;
       m++; w = 0
     }
  :: else -> m = 0; break
  od
}

/* v = the first of the unbroken run of versions that ends at `latest`: view_next asks for each in
 * turn, and a held bundle may outlast its successors. */
inline oldest_kept() {
#ifdef OLDEST_ANY
  smallest_ready(0);
#else
  do
  :: m < K ->
     d_step {
       w = mem[WORD(m)];
       if
       :: phase_of(w) == READY && is_visible(w) -> b = b | (1 << (l / 4 - ver_of(w)))
       :: else
       fi;
       m++; w = 0
     }
  :: else -> m = 0; break
  od;
  atomic {
    do :: b & (1 << m) -> m++ :: else -> break od;
    v = (m > 0 -> l / 4 - (m - 1) : 0);
    m = 0; b = 0
  }
#endif
}

/* The broker has registered the entry with "seen nothing" (or rejoin has stored that): the store
 * stands in this subscriber's buffer, which is later than either could come. Its first view_next
 * gives the newest bundle, after `at_oldest` the oldest kept. */
inline start(at_oldest) {
#ifdef LATEST_EARLY
  l = mem[LAST];
  later(s, SEEN(s), 0);
#else
#ifdef LOSSLESS
  later(s, SEEN(s), 0);
#endif
#ifdef JOIN_FIRST
  if :: s == 0 -> joined = true :: else fi;
#endif
#ifndef NO_START_FENCE
  fence(s);
#endif
  l = mem[LAST];
#endif
  atomic { v = 0; i = 0; m = 0 }
  if :: at_oldest && l > 0 -> oldest_kept() :: else fi;
  atomic {
    last = (v > 0 -> v : l / 4);
    last = (last > 0 -> last - 1 : 0);
    assert(s != 0 || last <= counted);                /* what comes after the count is new */
    l = 0; v = 0; i = 0
  }
#ifdef LOSSLESS
#ifdef START_STORES
  store(s, SEEN(s), last);
#else
  change_seen(0, last);
#endif
#endif
#ifdef JOIN
  if :: s == 0 -> atomic { empty(sb[s]) -> joined = true; or_die(s) } :: else fi
#endif
}

/* start(at_oldest), then on from what was seen before. */
inline rejoin() {
  atomic { kept_last = last; was_dropped = false }
  start(true);
  if
  :: last < kept_last -> change_seen(last, kept_last); last = kept_last
  :: else
  fi;
  kept_last = 0
}

/* What a view promises: these bytes are one bundle, the one every other reader calls v. */
inline read_view() {
  a = mem[DATA0(i)];
  b = mem[DATA1(i)];
  d_step {
    assert(a == b && (a & 15) == v);
    assert(stamp_of[v] == 0 || stamp_of[v] == a);     /* two bundles, one version? */
    stamp_of[v] = a; b = 0
  }
  d_step { assert(mem[DATA0(i)] == a); assert(mem[DATA1(i)] == a); a = 0 }  /* held: unchanged */
}

inline let_go(slot, version) {
  w = mem[WORD(slot)];
  d_step {                                            /* no honest publisher makes a view torn */
    assert(ver_of(w) == version && (phase_of(w) == READY || phase_of(w) == CLAIMED));
    w = 0
  }
  store(s, HOLD(s), mem[HOLD(s)] & ~(1 << (slot)))    /* its own word */
}

/* Bytes first, then the second look: they count only if it finds the same version. */
inline snapshot() {
  w = mem[WORD(i)];
  if
#ifdef ANY_VERSION
  :: phase_of(w) != READY -> goto done
#else
  :: w != READY + v -> goto done
#endif
  :: else -> v = ver_of(w)
  fi;
  a = mem[DATA0(i)];
  b = mem[DATA1(i)];
  atomic {
    w = mem[WORD(i)];
    if
    :: w == READY + v || w == CLAIMED + v ->
       assert(a == b && (a & 15) == v);
       assert(stamp_of[v] == 0 || stamp_of[v] == a);
       stamp_of[v] = a;
       assert(v >= last);
       last = v
    :: else
    fi;
    a = 0; b = 0; w = 0
  }
}

proctype subscriber(byte s; byte how; byte n) {       /* n calls */
  byte l, v, i, w, last, passed, a, b, m;
  byte kept, kept_slot, kept_version, kept_data, kept_last;
  bool was_dropped;
#if defined(LOSSLESS) || defined(JOIN)
#ifdef OLDEST
  start(s == 0);
#else
  start(false);
#endif
#endif
  do
  :: n > 0 ->
again:
     atomic { v = 0; i = 0; w = 0; m = 0; l = 0 }
     l = mem[LAST];
     if
     :: how == NEXT ->                                /* view_next */
#ifdef LAG
        if
        :: atomic { was_dropped || mem[SEEN(s)] == DROPPED -> skip }
           rejoin(); goto done                        /* the caller is told: `gap` */
        :: atomic { !was_dropped && mem[SEEN(s)] != DROPPED ->
                    assert(l / 4 <= last || !gone[last + 1]) }
        fi;
#endif
#ifdef LOSSLESS
        if
        :: l / 4 <= last -> goto done
        :: else ->
#ifndef LAG
           atomic { assert(!gone[last + 1]) }
#endif
        fi;
        if
        :: l / 4 == last + 1 -> atomic { v = l / 4; i = l % 4 }
        :: else -> smallest_ready(last)
        fi;
        if :: v != last + 1 -> goto again :: else fi  /* claimed: it will be restored */
#else
        passed = (passed > last -> passed : last);
        if :: l / 4 <= passed -> goto done :: else fi;
        smallest_ready(passed);
        if :: v == 0 -> goto again :: else fi
#endif
     :: else ->                                       /* view_latest, snapshot */
        if :: l == 0 -> goto done :: else fi;
        atomic { v = l / 4; i = l % 4 }
     fi;
     l = 0;
     if
     :: how == SNAP -> snapshot()
     :: else ->                                       /* try_hold */
        later(s, HOLD(s), kept | (1 << i));
#ifndef NO_HOLD_FENCE
        fence(s);
#endif
        w = mem[WORD(i)];
        if
#ifdef NO_RECHECK
        :: true ->
#else
        :: w == READY + v ->
#endif
           d_step {
             w = 0;
             assert(v >= last);                       /* versions never go back */
#ifndef LOSSLESS
             if
             :: how == NEXT ->                        /* missed = really set out to overwrite */
                assert(v > last);
                m = last + 1;
                do :: m < v -> assert(drafted[m]); m++ :: else -> break od;
                m = 0
             :: else
             fi;
#endif
           }
#ifdef STUCK
           if :: s == 0 -> stuck: end_stuck: false :: else fi;
#endif
#ifdef LOSSLESS
           if :: v > last -> change_seen(last, v) :: else fi;  /* tell_seen */
#endif
           atomic { last = v; passed = 0 }
           read_view();
#ifdef KEEP
           if
           :: kept == 0 ->
              atomic { kept = 1 << i; kept_slot = i; kept_version = v; kept_data = mem[DATA0(i)] }
           :: i == kept_slot                          /* one view less of a slot that is still needed */
           :: kept != 0 && i != kept_slot -> let_go(i, v)
           fi;
#else
           let_go(i, v);
#endif
progress_viewed:
           skip
#ifndef NO_RECHECK
        :: else ->
#ifdef CLEAR_ALL
           store(s, HOLD(s), 0);
#else
           store(s, HOLD(s), kept);
#endif
           if
           :: K == 1                                  /* busy or poisoned: no retry */
#if !defined(LOSSLESS) && !defined(NEXT_RETRIES)
           :: K > 1 && how == NEXT -> passed = v; goto again   /* that one counts as missed */
           :: K > 1 && how != NEXT -> goto again
#else
           :: K > 1 -> goto again
#endif
           fi
#endif
        fi
     fi;
done: atomic { l = 0; v = 0; i = 0; m = 0; w = 0; n-- }
  :: else -> break
  od;
#ifdef KEEP
  if
  :: kept > 0 ->
     assert(mem[DATA0(kept_slot)] == kept_data);
     assert(mem[DATA1(kept_slot)] == kept_data);
     let_go(kept_slot, kept_version)
  :: else
  fi;
#endif
#ifdef LOSSLESS
  store(s, SEEN(s), UNREGISTERED);                    /* closed: unregister_entry */
#endif
  goto over;
died:
  dead[s] = true;
over:
  atomic { l = 0; v = 0; i = 0; m = 0; w = 0; a = 0; b = 0; last = 0; passed = 0; n = 0 }
  atomic { kept = 0; kept_slot = 0; kept_version = 0; kept_data = 0; kept_last = 0; was_dropped = false }
}

/* ---- proto/sync/subscriber_scan.hpp, topic_writer.hpp */

inline scan_needs() {
  atomic { held = 0; seen_by_all = 255; s = 0 }
  do
  :: s < NSUB ->
     held = held | mem[HOLD(s)];
#ifdef LOSSLESS
     d_step { seen_by_all = (mem[SEEN(s)] < seen_by_all -> mem[SEEN(s)] : seen_by_all) };
#endif
     s++
  :: else -> s = 0; break
  od
}

#ifdef LOSSLESS
#define is_unseen(w) (phase_of(w) == READY && seen_by_all < ver_of(w))
#else
#define is_unseen(w) false
#endif
#define is_needed(j)  ((held & (1 << (j))) || is_unseen(mine[j]))
#define is_latest(j)  (K > 1 && lv > 0 && ls == (j))
#define is_usable(j)  (!is_latest(j) && !is_needed(j))

/* Gives up on whoever has not seen the oldest version that no view holds and that is not the newest. */
inline drop_laggards() {
  scan_needs();
  atomic {
    w = 0; i = 0;
    do
    :: i < K ->
       if
       :: phase_of(mine[i]) == READY && !is_latest(i) && !(held & (1 << i)) && (w == 0 || ver_of(mine[i]) < w) ->
          w = ver_of(mine[i])
       :: else
       fi;
       i++
    :: else -> i = 0; break
    od;
    held = 0; seen_by_all = 0
  };
  do
  :: s < NSUB ->
     old = mem[SEEN(s)];
     if
     :: old < w -> atomic { empty(sb[PUB]); if :: mem[SEEN(s)] == old -> mem[SEEN(s)] = DROPPED :: else fi; or_die(PUB) }
     :: else
     fi;
     s++
  :: else -> break
  od;
  atomic { s = 0; w = 0; old = 0 }
}

/* One attempt to find a slot; goes to try_claim again if each is needed. */
inline choose() {
#ifndef NO_FIRST_FENCE
  fence(PUB);
#endif
  scan_needs();
  if
#ifdef ROTATE
  :: atomic { is_usable((turn + 1) % K) -> i = (turn + 1) % K }
  :: atomic { K > 1 && !is_usable((turn + 1) % K) && is_usable((turn + 2) % K) -> i = (turn + 2) % K }
  :: atomic { K > 2 && !is_usable((turn + 1) % K) && !is_usable((turn + 2) % K) && is_usable(turn) -> i = turn }
#else
  :: atomic { is_usable(0) -> i = 0 }
  :: atomic { K > 1 && is_usable(1 % K) -> i = 1 % K }
  :: atomic { K > 2 && is_usable(2 % K) -> i = 2 % K }
#endif
  :: atomic { !is_usable(0) && !is_usable(1 % K) && !is_usable(2 % K) -> held = 0; seen_by_all = 0 }
#ifdef LAG
     if :: drop_laggards() :: skip fi;
#endif
     goto try_claim
  fi;
  turn = i
}

inline claim() {
  old = mine[i];
  drafted[ver_of(old)] = true;
#ifdef NO_CLAIMED
  later(PUB, WORD(i), WRITING);
#else
  later(PUB, WORD(i), (phase_of(old) == POISONED -> WRITING : CLAIMED + ver_of(old)));
#endif
#ifndef NO_CLAIM_FENCE
  fence(PUB);
#endif
#ifndef NO_RESCAN
  scan_needs();
  if
  :: is_needed(i) -> store(PUB, WORD(i), old); goto try_claim   /* put back; take another */
  :: else
  fi;
#endif
  atomic { gone[ver_of(old)] = true; held = 0; seen_by_all = 0 }
#ifndef NO_CLAIMED
  store(PUB, WORD(i), WRITING);
#endif
  mine[i] = WRITING
}

inline publish() {
#ifdef LATEST_FIRST
  later(PUB, LAST, (lv + 1) * 4 + i);
  store(PUB, WORD(i), READY + lv + 1);
#else
  store(PUB, WORD(i), READY + lv + 1);
  later(PUB, LAST, (lv + 1) * 4 + i);
#endif
#ifndef NO_PUBLISH_FENCE
  fence(PUB);                                         /* then wake_readers: topic_wake.pml */
#endif
progress_published:
  atomic { lv++; ls = i; mine[i] = READY + lv }
}

inline drop() {
#ifdef DROP_RESTORES
  store(PUB, WORD(i), old);
  mine[i] = old;
#else
  store(PUB, WORD(i), (K == 1 && lv > 0 -> POISONED : FREE));
  mine[i] = (K == 1 && lv > 0 -> POISONED : FREE);
#endif
  has_dropped = true
}

proctype publisher(byte who) {
  byte mine[K], i, s, w, old, held, seen_by_all, lv, ls, turn;
  bool has_dropped;
  d_step {                                            /* takes over the words as the broker left them */
    do :: i < K -> mine[i] = mem[WORD(i)]; i++ :: else -> i = 0; break od;
    lv = mem[LAST] / 4; ls = mem[LAST] % 4; turn = ls
  }
  do
  :: lv < NV ->
#ifdef JOIN
     if :: lv == 1 -> atomic { joined -> counted = (counted == 255 -> lv : counted) } :: else fi;
#endif
try_claim:
     atomic { old = 0; i = 0; s = 0 }
     choose();
     claim();
     store(PUB, DATA0(i), (has_dropped * 128) + who * 16 + lv + 1);
#ifdef DROP
     if
     :: !has_dropped -> drop(); goto try_claim
     :: true
     fi;
#endif
     store(PUB, DATA1(i), (has_dropped * 128) + who * 16 + lv + 1);
     publish()
  :: else -> break
  od;
  goto over;
died:
  dead[PUB] = true;
over:
  atomic {
    i = 0;
    do :: i < K -> mine[i] = 0; i++ :: else -> break od;
    i = 0; s = 0; w = 0; old = 0; held = 0; seen_by_all = 0; lv = 0; ls = 0; turn = 0; has_dropped = false
  }
}

/* ---- proto/sync/topic_repair.hpp */

inline repair_publisher() {
  do
  :: i < K ->
     atomic {
       w = mem[WORD(i)];
       if
       :: phase_of(w) == READY && ver_of(w) > best -> best = ver_of(w); bi = i
       :: phase_of(w) == READY && ver_of(w) <= best
       :: phase_of(w) == CLAIMED && ver_of(w) != 0 -> mem[WORD(i)] = READY + ver_of(w)
       :: else -> mem[WORD(i)] = (K == 1 && mem[LAST] != 0 -> POISONED : FREE)
       fi;
#ifdef NO_CLAIMED
       if                                             /* the claimed version is lost with it */
       :: phase_of(w) == WRITING ->
          w = 1;
          do :: w < 8 -> gone[w] = (gone[w] || drafted[w]); w++ :: else -> break od
       :: else
       fi;
#endif
       w = 0; i++
     }
  :: else -> i = 0; break
  od;
  atomic {
#ifndef NO_COMPLETE
    if
    :: best > mem[LAST] / 4 -> mem[LAST] = best * 4 + bi
    :: else
    fi;
#endif
    w = mem[LAST];                                    /* what `latest` names can be read */
    assert(w == 0 || mem[WORD(w % 4)] == READY + w / 4 || mem[WORD(w % 4)] == POISONED);
    best = 0; bi = 0; w = 0
  }
}

proctype broker() {
  byte i, w, best, bi;
end:
  do
  :: dead[0] && empty(sb[0]) ->                       /* unregister_entry */
     mem[HOLD(0)] = 0;
     atomic {
       mem[SEEN(0)] = UNREGISTERED;
       dead[0] = false;
#ifdef RESUB
       run subscriber(0, READ0, 1)
#endif
     }
  :: dead[PUB] && empty(sb[PUB]) ->
     repair_publisher();
     atomic {
       dead[PUB] = false;                             /* and ring: topic_wake.pml */
       run publisher(2)
     }
#ifdef ZOMBIE
  :: mem[HOLD(1)] != 0 -> mem[HOLD(1)] = 0
#endif
  od
}

init {
  atomic {
#ifdef DIE_SUB
    may_die[0] = true;
#endif
#ifdef DIE_PUB
    may_die[PUB] = true;
#endif
    mem[SEEN(0)] = UNREGISTERED; mem[SEEN(1)] = UNREGISTERED;
    run write_back(0); run write_back(1); run write_back(2);
    run broker();
    run subscriber(0, READ0, NVIEW0); run subscriber(1, READ1, NVIEW1);
    run publisher(1)
  }
}
