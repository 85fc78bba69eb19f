/* SPDX-License-Identifier: MIT */
/*
 * Capabilities: map, grant, over-mapping, unmap, the life of an object (rules M-58 ... M-74).
 *
 * Runs as root task; see caps.h.  The objects are gates to the server: a message tells which gate a
 * slot holds and with what rights, dec_refcnt with 0 tells how many counted slots there are.
 */
#include "caps.h"
#include "memory.h"

#include <l4/sys/ipc_gate.h>
#include <l4/sys/semaphore.h>
#include <l4/sys/thread.h>

enum {
    R = L4_CAP_FPAGE_R,
    RW_CAP = L4_CAP_FPAGE_RW,
    RS = L4_CAP_FPAGE_RS,
    RWS = L4_CAP_FPAGE_RWS,
    RWSD = L4_CAP_FPAGE_RWSD,
    WEAK = L4_FPAGE_C_NO_REF_CNT,
    CTL = L4_FPAGE_C_OBJ_RIGHTS,
    SVR = L4_FPAGE_C_IPCGATE_SVR,
};

static l4_cap_idx_t g, h; /* two gates of the main task, made anew for each case */

static void setup(void)
{
    caps_setup();
    if (g)
        delete_object(g);
    if (h)
        delete_object(h);
    g = server_gate(0x1000);
    h = server_gate(0x2000);
}

static void copy(l4_cap_idx_t to, l4_umword_t word0, l4_cap_idx_t cap, unsigned rights)
{
    expect_label("map", map_cap(to, word0, cap, rights), 0);
}

static void release(struct worker *w, l4_cap_idx_t slot, unsigned rights)
{
    unmap_caps(w->task, CAP(slot, rights), L4_FP_ALL_SPACES);
}

static void counter(void)
{
    expect("new", count(g), 1);
    copy(d->task, SLOT(0), g, R);
    copy(e->task, SLOT(0), g, R);
    expect("two copies", count(g), 3);
    copy(d->task, SLOT(1) | WEAK, g, R);
    expect("and a weak one", count(g), 3);
    release(d, SLOT(1), R);
    expect("without the weak one", count(g), 3);
    release(d, SLOT(0), R);
    expect("without a counted one", count(g), 2);
}

static void first_slot(void)
{
    expect("rights W and S", main_label_of(g), 0x1003);
    expect_label("server right", l4_error(l4_ipc_gate_get_infos(g, &m.label)), 0);
    expect("label", m.label, 0x1000);
    unmap_caps(MAIN, CAP(g, RWSD), L4_FP_DELETE_OBJ); /* D */
    expect_filled(MAIN, g, 0);
}

static void rights_of_copies(void)
{
    copy(d->task, SLOT(0), g, RW_CAP);
    copy(d->task, SLOT(1), g, RS);
    for (unsigned i = 0; i < 2; i++)
        l4_task_map(e->task, d->task, CAP(SLOT(i), RWS), SLOT(i));
    expect("RW, then RWS", label_of(e, SLOT(0)), 0x1001);
    expect("RS, then RWS", label_of(e, SLOT(1)), 0x1002);
    l4_task_map(e->task, d->task, CAP(SLOT(1), RW_CAP), SLOT(2));
    expect("RS, then RW", label_of(e, SLOT(2)), 0x1000);
    copy(d->task, SLOT(3), g, RWS); /* D is not asked for, so it is not there */
    unmap_caps(d->task, CAP(SLOT(3), RWSD), L4_FP_DELETE_OBJ);
    expect_filled(MAIN, g, 1);
}

/* The server right: a control call through the copy is answered, else it is a message. */
static int serves(l4_umword_t word0_attributes)
{
    l4_cap_idx_t slot = new_slot();
    int answered;

    copy(MAIN, slot | word0_attributes, g, RWS);
    ipc_init(&m, slot, CALL, tag(L4_PROTO_KOBJECT, 1), L4_IPC_BOTH_TIMEOUT_0);
    m.msg.mr[0] = L4_IPC_GATE_GET_INFO_OP;
    ipc_do(&m);
    answered = !m.error && m.msg.mr[0] == 0x1000;
    free_slot(slot);
    return answered;
}

static void control_bits(void)
{
    static struct {
        unsigned attributes, want;
    } const c[] = {{CTL, 1}, {SVR, 1}, {0, 0}, {0xc0, 0}, {SVR | WEAK, 1}};

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++)
        expect("server right", (unsigned long)serves(c[i].attributes), c[i].want);
}

static void control_bits_not_regained(void)
{
    l4_cap_idx_t old = g;

    g = new_slot();
    copy(MAIN, g, old, RWSD); /* without the server right */
    expect("asked for again", (unsigned long)serves(CTL), 0);
    free_slot(g);
    g = old;
}

static void weak_sticks(void)
{
    copy(d->task, SLOT(0) | WEAK, g, RWS);
    l4_task_map(e->task, d->task, CAP(SLOT(0), RWS), SLOT(0));
    expect("counter", count(g), 1);
    expect("weak copy works", label_of(e, SLOT(0)), 0x1003);
    free_slot(g);
    g = 0;
    expect_filled(d->task, SLOT(0), 0);
    expect_filled(e->task, SLOT(0), 0);
}

static void granted(void)
{
    copy(d->task, SLOT(0), g, RWS);
    l4_task_map(e->task, d->task, CAP(SLOT(0), RS), SLOT(0) | L4_MAP_ITEM_GRANT);
    expect_filled(d->task, SLOT(0), 0);
    expect("moved, without W", label_of(e, SLOT(0)), 0x1002);
    expect("counter", count(g), 2);
    l4_task_map(d->task, e->task, CAP(SLOT(0), L4_CAP_FPAGE_W), SLOT(0) | L4_MAP_ITEM_GRANT);
    expect_filled(e->task, SLOT(0), 1); /* F-6: without R nothing is granted */
}

static void grant_makes_weak(void)
{
    l4_cap_idx_t weak = new_slot();

    copy(d->task, SLOT(0), g, R);
    copy(MAIN, weak | L4_MAP_ITEM_GRANT | WEAK, g, RWS);
    expect_filled(MAIN, weak, 1); /* d's slot is counted */
    expect_filled(MAIN, g, 0);
    l4_task_map(d->task, d->task, CAP(SLOT(0), R), SLOT(1) | L4_MAP_ITEM_GRANT | WEAK);
    expect_filled(d->task, SLOT(1), 0);
    expect_filled(MAIN, weak, 0);
    l4re_util_cap_free(weak);
    l4re_util_cap_free(g);
    g = 0;
}

static void grant_a_range(void)
{
    copy(d->task, SLOT(0), g, RWS);
    copy(d->task, SLOT(3), h, RWS);
    l4_task_map(e->task, d->task, l4_obj_fpage(SLOT(0), 2, RWS), SLOT(0x10) | L4_MAP_ITEM_GRANT);
    expect("first", label_of(e, SLOT(0x10)), 0x1003);
    expect("last", label_of(e, SLOT(0x13)), 0x2003);
    expect_filled(d->task, SLOT(0), 0);
    expect_filled(d->task, SLOT(3), 0);
    expect_filled(e->task, SLOT(0x11), 0);
    expect("counters", count(g) << 4 | count(h), 0x22);
}

static void empty_source(void)
{
    copy(d->task, SLOT(0), h, R);
    copy(d->task, SLOT(0), SLOT(0x70), R); /* empty here: no error, the target stays */
    expect("target", label_of(d, SLOT(0)), 0x2000);
}

static void overmap_without_d(void)
{
    l4_cap_idx_t slot = new_slot();

    copy(MAIN, slot, g, R);
    expect("counter", count(g), 2);
    copy(MAIN, slot, h, RWS);
    expect("counter of the old", count(g), 1);
    expect("counter of the new", count(h), 2);
    expect("slot", main_label_of(slot), 0x2003);
    /* The same object again: rights do not add up. */
    copy(MAIN, slot, h, R);
    expect("rights are the new ones", main_label_of(slot), 0x2000);
    free_slot(slot);
}

static void overmap_with_d(void)
{
    copy(d->task, SLOT(0), g, RWSD);
    copy(d->task, SLOT(0), h, R);
    expect("new object", label_of(d, SLOT(0)), 0x2000);
    expect_filled(MAIN, g, 0);
    l4re_util_cap_free(g);
    g = 0;
}

static void overmap_weak(void)
{
    copy(d->task, SLOT(0) | WEAK, g, R);
    copy(d->task, SLOT(0), h, R);
    expect("new object", label_of(d, SLOT(0)), 0x2000);
    expect("counter of the old", count(g), 1);
    copy(d->task, SLOT(0) | WEAK, g, R);
    expect("counter of the new", count(h), 1);
}

static void overmap_last_counted(void)
{
    l4_cap_idx_t slot = new_slot();

    copy(d->task, SLOT(1) | WEAK, g, RWS);
    copy(MAIN, slot | L4_MAP_ITEM_GRANT, g, RWS); /* without D */
    copy(MAIN, slot, h, R);
    expect_filled(d->task, SLOT(1), 0);
    expect("new object", main_label_of(slot), 0x2000);
    free_slot(slot);
    l4re_util_cap_free(g);
    g = 0;
}

static void overmap_refused_request(void)
{
    copy(d->task, SLOT(0), h, R);
    copy(d->task, SLOT(0), g, L4_CAP_FPAGE_W); /* F-6: without R nothing happens */
    expect("target", label_of(d, SLOT(0)), 0x2000);
}

static void same_object_with_d(void)
{
    copy(d->task, SLOT(0), g, RWSD);
    copy(d->task, SLOT(0), g, RWS);
    expect_filled(d->task, SLOT(0), 0);
    expect_filled(MAIN, g, 0);
    l4re_util_cap_free(g);
    g = 0;
}

static void onto_itself(void)
{
    copy(d->task, SLOT(0), g, RWS);
    l4_task_map(d->task, d->task, CAP(SLOT(0), RWS), SLOT(0));
    expect_filled(d->task, SLOT(0), 0);
    expect("counter", count(g), 1);
}

/* ---- unmap ---- */

static void others_only(void)
{
    copy(d->task, SLOT(0), g, RWS);
    unmap_caps(MAIN, CAP(g, RWSD), L4_FP_OTHER_SPACES);
    unmap_caps(MAIN, CAP(g, RWSD), L4_FP_DELETE_OBJ & ~L4_FP_ALL_SPACES);
    expect_filled(MAIN, g, 1);
    expect("copy", label_of(d, SLOT(0)), 0x1003);
}

static void last_counted(void)
{
    copy(d->task, SLOT(0) | WEAK, g, RWS);
    copy(e->task, SLOT(0), g, RWS);
    free_slot(g);
    g = 0;
    expect("still there", label_of(d, SLOT(0)), 0x1003);
    release(e, SLOT(0), R);
    expect_filled(d->task, SLOT(0), 0);
}

/* D in the slot and in the flexpage, but not bit 30: the slot is emptied and no more. */
static void release_with_d(void)
{
    copy(d->task, SLOT(0), g, RWSD);
    release(d, SLOT(0), RWSD);
    expect_filled(d->task, SLOT(0), 0);
    expect("counter", count(g), 1);
}

static void delete_everywhere(void)
{
    copy(d->task, SLOT(0), g, R);
    copy(e->task, SLOT(0) | WEAK, g, RWSD);
    copy(e->task, SLOT(1), g, R);
    unmap_caps(e->task, CAP(SLOT(0), R), L4_FP_DELETE_OBJ); /* a weak slot, with D */
    expect_filled(d->task, SLOT(0), 0);
    expect_filled(e->task, SLOT(1), 0);
    expect_filled(MAIN, g, 0);
    l4re_util_cap_free(g);
    g = 0;
}

static void take_rights(void)
{
    static struct {
        unsigned take, label;
    } const c[] = {{L4_CAP_FPAGE_W, 2}, {L4_CAP_FPAGE_S, 1}, {3, 0}, {L4_CAP_FPAGE_D, 3}, {0, 3}};

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        copy(d->task, SLOT(i), g, RWS);
        release(d, SLOT(i), c[i].take);
        expect("label", label_of(d, SLOT(i)), 0x1000 | c[i].label);
    }
    expect("the other slots", main_label_of(g), 0x1003);
    release(d, SLOT(0), L4_CAP_FPAGE_W | R); /* R: the slot goes */
    expect_filled(d->task, SLOT(0), 0);
}

static void take_delete_right(void)
{
    copy(d->task, SLOT(0), g, RWSD);
    release(d, SLOT(0), L4_CAP_FPAGE_D);
    unmap_caps(d->task, CAP(SLOT(0), RWSD), L4_FP_DELETE_OBJ);
    expect_filled(d->task, SLOT(0), 0);
    expect_filled(MAIN, g, 1); /* M-70: bit 30 without D is a plain unmap */
    expect("counter", count(g), 1);
}

static void range_with_gaps(void)
{
    static unsigned const at[] = {0, 3, 7, 8, 200};

    for (unsigned i = 0; i < 5; i++)
        copy(d->task, SLOT(at[i]), g, R);
    unmap_caps(d->task, l4_obj_fpage(SLOT(0), 3, R), L4_FP_ALL_SPACES);
    for (unsigned i = 0; i < 5; i++)
        expect_filled(d->task, SLOT(at[i]), at[i] > 7);
    expect("counter", count(g), 3);
}

static void three_slots_of_one_task(void)
{
    for (unsigned i = 0; i < 3; i++)
        copy(d->task, SLOT(i), g, R);
    release(d, SLOT(1), R);
    for (unsigned i = 0; i < 3; i++)
        expect_filled(d->task, SLOT(i), i != 1);
    expect("counter", count(g), 3);
}

static void beyond_the_space(void)
{
    l4_cap_idx_t last = LOW_SLOT(0xffff), task = new_task(L4_BASE_FACTORY_CAP);

    give(task, last, g, R);
    expect_label(
        "map",
        l4_error(l4_task_map(task, MAIN, l4_obj_fpage(LOW_SLOT(0), 5, R), LOW_SLOT(0x10000))), 0);
    expect_filled(task, last, 1);
    expect_filled(task, LOW_SLOT(1), 0);
    delete_object(task);
}

static struct test_case const cases[] = {
    {"M-58", "counted and weak slots", counter},
    {"M-58", "three slots of one task", three_slots_of_one_task},
    {"M-59", "first slot has all rights", first_slot},
    {"M-60", "rights of copies", rights_of_copies},
    {"M-60", "control bits of copies", control_bits},
    {"M-60", "control bits are not regained", control_bits_not_regained},
    {"M-60", "a copy of a weak slot is weak", weak_sticks},
    {"M-61", "grant moves, rights masked", granted},
    {"M-61", "grant that makes the last counted slot weak", grant_makes_weak},
    {"M-61", "range granted", grant_a_range},
    {"M-62", "empty source slot", empty_source},
    {"M-63", "over-mapping without D", overmap_without_d},
    {"M-63", "request without R leaves the target", overmap_refused_request},
    {"M-64", "over-mapping with D destroys", overmap_with_d},
    {"M-64", "over-mapping of a weak slot", overmap_weak},
    {"M-64", "over-mapping of the last counted slot destroys", overmap_last_counted},
    {"M-65", "the same object over a slot with D", same_object_with_d},
    {"M-65", "slot onto itself", onto_itself},
    {"M-66", "beyond the last slot", beyond_the_space},
    {"M-67", "others only has no effect", others_only},
    {"M-68", "last counted slot unmapped", last_counted},
    {"M-68", "slot with D unmapped without delete", release_with_d},
    {"M-68", "deleted everywhere through a weak slot with D", delete_everywhere},
    {"M-69", "rights taken from a slot", take_rights},
    {"M-70", "delete without D", take_delete_right},
    {"M-71", "range with gaps", range_with_gaps},
};

int main(void)
{
    caps_init();
    test_setup = setup;
    return TEST_RUN(cases);
}
