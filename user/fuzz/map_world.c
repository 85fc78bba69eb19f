/* SPDX-License-Identifier: MIT */
/* Tasks, helpers and capabilities of the driver, see map.h.  Called by map*.c; calls kernel objects. */
#include "args.h"
#include "map.h"

#include <l4/sys/debugger.h>
#include <l4/sys/factory.h>
#include <l4/sys/memdesc.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/program.h>

enum {
    PRIO_DRIVER = 10,
    PRIO_HELPER = 20,
    PRIO_PAGER = 30,
    FIRST_SLOT = 0x100,
    PER_SPACE = 16,
    FAMILY_SLOT = 0x60
};
enum {
    CAP_TASK_S,
    CAP_TASK,
    CAP_HELPERS,
    CAP_FACTORY = CAP_HELPERS + N_HELPERS,
    CAP_PAGER,
    CAP_RESERVE
};
enum { LABEL_SHIFT = 4, PF_FETCH = 4, LOW_MEMORY = 0x1000000, PLENTY = 64 << 20 };

static u64 ids[MODEL_OBJECTS];
static u8 helper_object[MODEL_SPACES][N_HELPERS], pager_object[MODEL_SPACES];
static bool volatile code_mapped[MODEL_SPACES]; /* by the pager, not yet by the model */
static bool lives[MODEL_SPACES];
static struct quire_thread pager;
static char pager_stack[4096] __attribute__((aligned(16)));
static l4_cap_idx_t volatile current; /* the helper that is at work */
static u64 ram_end;

static l4_cap_idx_t slot_of(unsigned space, unsigned n)
{
    return (FIRST_SLOT + (l4_cap_idx_t)space * PER_SPACE + n) << L4_CAP_SHIFT;
}

l4_cap_idx_t world_task(unsigned space, bool with_s)
{
    return !space && with_s ? L4_BASE_TASK_CAP : slot_of(space, with_s ? CAP_TASK_S : CAP_TASK);
}

l4_cap_idx_t world_factory(unsigned space) { return slot_of(space, CAP_FACTORY); }
l4_cap_idx_t world_helper(unsigned space, unsigned which)
{
    return slot_of(space, CAP_HELPERS + which);
}
l4_cap_idx_t world_reserve(unsigned space) { return slot_of(space, CAP_RESERVE); }
l4_cap_idx_t world_scratch(void) { return slot_of(MODEL_SPACES, 0); }
u64 world_id_of(l4_cap_idx_t cap) { return l4_debugger_global_id(cap); }
void world_note_object(unsigned object, u64 id) { ids[object] = id; }
u64 world_object_id(unsigned object) { return ids[object]; }
bool world_can_be_read(u64 phys) { return phys < ram_end; }

bool world_is_ram(u64 phys)
{
    for (unsigned i = 0; i < model.machine.n_owned; i++)
        if (phys >= model.machine.owned[i].base && phys < model.machine.owned[i].end)
            return false;
    return phys >= LOW_MEMORY && phys < ram_end;
}

/* ---- pager and exception handler of the helpers ---- */

static u64 code_fpage(void) { return seq_fpage((u64)helper_page, SEQ_MEM, 12, RIGHT_R | RIGHT_X); }

/*
 * An operation may take the code away under a helper that waits in it: it comes back at the fault.  If that fails for
 * want of memory, the task's reserve goes, and the helper faults again (I-55).
 */
static void pager_loop(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_addr_t resume = HELPER_CODE + (l4_addr_t)(helper_fault - helper_page);
    l4_msgtag_t tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
    unsigned space = 0;

    (void)unused;
    for (;;) {
        l4_msgtag_t answer = l4_msgtag(0, 0, 0, 0);

        if (l4_msgtag_has_error(tag)) {
            if (space && l4_ipc_error(tag, u) == L4_IPC_SEMAPFAILED && !tight_release(space))
                differs("the pager cannot map the helpers' code");
            tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
            continue;
        }
        space = 0;

        if (l4_msgtag_is_exception(tag)) {
            u->msg.mr[18] = resume;
            answer = l4_msgtag(0, L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0);
        } else if (u->msg.mr[0] & PF_FETCH) {
            space = (unsigned)(label >> LABEL_SHIFT);
            code_mapped[space] = true;
            u->msg.mr[0] = HELPER_CODE | 8;
            u->msg.mr[1] = code_fpage();
            answer = l4_msgtag(0, 0, 1, 0);
        } else {
            l4_thread_ex_regs(current, resume, ~0UL, 0);
        }
        tag = l4_ipc_reply_and_wait(u, answer, &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

l4_msgtag_t world_call(unsigned space, unsigned which, unsigned words)
{
    int code = model_find(space, SEQ_MEM, HELPER_CODE);

    current = world_helper(space, which);
    if (code >= 0)
        model.page[code].usage |= USED_READ;
    return l4_ipc_call(current, l4_utcb(), l4_msgtag(0, words, 0, 0),
                       l4_timeout(L4_IPC_TIMEOUT_0, l4_timeout_from_us(100000)));
}

void world_after_operation(void)
{
    struct seq_op map = {.kind = SEQ_MAP, .n = 3, .w = {HELPER_CODE | 8, code_fpage()}};
    struct model_stop stop = {0};
    struct model_answer m;

    for (unsigned i = 1; i < MODEL_SPACES; i++) {
        map.b = (u8)i;
        if (code_mapped[i] && model.space[i].alive) {
            model_run(&map, &stop, &m);
            model.page[model_find(i, SEQ_MEM, HELPER_CODE)].usage |= USED_READ;
        }
        code_mapped[i] = false;
    }
}

/* ---- what helpers need ---- */

/* What the slot held goes first (M-63 .. M-65), in the model too: with it a task may end, even this one. */
static bool give(unsigned space, u64 slot, unsigned object, l4_cap_idx_t cap_and_rights)
{
    l4_cap_idx_t cap = cap_and_rights & ~0xfffUL;
    unsigned rights = cap_and_rights & 15;
    int i = model_find_cap(space, slot);
    bool given;

    if (i >= 0 && model.cap[i].object == object && (model.cap[i].rights & rights) == rights &&
        ((rights & RIGHT_S) || !(model.cap[i].rights & RIGHT_S)))
        return true;
    given = l4_error(l4_task_map(world_task(space, true), L4_BASE_TASK_CAP,
                                 l4_obj_fpage(cap, 0, (unsigned char)rights),
                                 slot << L4_CAP_SHIFT | L4_FPAGE_C_OBJ_RIGHTS)) >= 0;
    if (i >= 0) {
        model_drop_cap(i, true);
        if (given == model.object[model.space[space].object].ending) /* M-82 */
            differs("space %u slot %lx is %s", space, slot, given ? "filled" : "not filled");
    }
    if (given)
        model_put_cap(space, slot, object, rights | 0xe0);
    model_end_tasks();
    return given && model.space[space].alive;
}

bool world_prepare(unsigned space)
{
    struct seq_op map = {.kind = SEQ_MAP, .b = (u8)space, .n = 3, .w = {HELPER_CODE | 8}};
    int i = model_find(space, SEQ_MEM, HELPER_CODE);
    u64 phys = (u64)helper_page;
    enum model_status status;

    if (!give(space, SLOT_PAGER, pager_object[space],
              slot_of(space, CAP_PAGER) | RIGHT_R | RIGHT_OBJ_W | RIGHT_S))
        return false;
    if (i >= 0 && model.page[i].phys + (HELPER_CODE - model.page[i].at) == phys &&
        model.page[i].rights & RIGHT_X)
        return true;
    map.w[1] = code_fpage();
    tight_release(space);
    return both_run(&map, &status) && status == MODEL_DONE;
}

bool world_partner(unsigned space, unsigned partner, bool with_s)
{
    return give(space, (with_s ? SLOT_PARTNER_S : SLOT_PARTNER) + partner,
                helper_object[partner][HELPER_RCV],
                world_helper(partner, HELPER_RCV) | RIGHT_R | RIGHT_OBJ_W |
                    (with_s ? RIGHT_S : 0U));
}

/* ---- tasks ---- */

static void drop(l4_cap_idx_t cap) { l4_task_delete_obj(L4_BASE_TASK_CAP, cap); }

/* An object that the driver holds as well: no slot of the model's is the last one. */
static u8 held_object(l4_cap_idx_t cap)
{
    int object = model_new_object(OBJECT_PLAIN, 0);

    fuzz_must("objects of the model", object < 0 ? -L4_ENOMEM : 0);
    model.object[object].counted = 1;
    world_note_object((unsigned)object, world_id_of(cap));
    return (u8)object;
}

static long start_helper(unsigned space, unsigned which)
{
    l4_cap_idx_t cap = world_helper(space, which);
    l4_sched_param_t sched = l4_sched_param(PRIO_HELPER, 0);
    long err = l4_error(l4_factory_create_thread(L4_BASE_FACTORY_CAP, cap));

    if (err < 0)
        return err;
    l4_thread_control_start();
    l4_thread_control_pager((l4_cap_idx_t)SLOT_PAGER << L4_CAP_SHIFT);
    l4_thread_control_exc_handler((l4_cap_idx_t)SLOT_PAGER << L4_CAP_SHIFT);
    l4_thread_control_bind((l4_utcb_t *)(HELPER_KU + which * 0x400UL), world_task(space, true));
    fuzz_must("bind", l4_error(l4_thread_control_commit(cap)));
    fuzz_must("run", l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, cap, &sched)));
    helper_object[space][which] = held_object(cap);
    return 0;
}

/* The driver's slot becomes weak when the receiver's slot is to be the one that counts. */
static bool hand_out(struct seq_op *op)
{
    l4_cap_idx_t task = world_task(op->a, true), scratch = world_scratch();
    l4_fpage_t all = l4_obj_fpage(task, 0, L4_CAP_FPAGE_RWSD);

    if (l4_error(l4_task_map(world_task(op->b, true), L4_BASE_TASK_CAP, all,
                             op->w[0] << L4_CAP_SHIFT | L4_FPAGE_C_OBJ_RIGHTS)) < 0)
        return false;
    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, all, scratch | 0xf0);
    l4_task_unmap(L4_BASE_TASK_CAP, all, L4_FP_ALL_SPACES);
    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(scratch, 0, L4_CAP_FPAGE_RWSD),
                task | 0xf0);
    l4_task_unmap(L4_BASE_TASK_CAP, l4_obj_fpage(scratch, 0, L4_CAP_FPAGE_RWSD), L4_FP_ALL_SPACES);
    return true;
}

bool world_make_task(struct seq_op *op, struct answer *k)
{
    l4_cap_idx_t task = world_task(op->a, true);
    l4_fpage_t ku = l4_fpage(HELPER_KU, L4_PAGESHIFT, L4_FPAGE_RW);
    struct seq_op area = {.kind = SEQ_KU_MEM, .a = op->a, .w = {ku.raw}};
    struct model_stop stop = {0};
    struct model_answer m;

    k->done = false;
    op->n = MODEL_MEM | MODEL_OBJ | MODEL_IO;
    if (l4_error(l4_factory_create_task(world_factory(op->a), task, &ku)) < 0)
        return false;
    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(task, 0, L4_CAP_FPAGE_RWD),
                world_task(op->a, false) | 0xf0);
    if (op->b && (model_find_cap(op->b, op->w[0]) >= 0 || !hand_out(op)))
        op->b = 0;
    model_run(op, &stop, &m);
    if (m.status != MODEL_DONE)
        differs("task %u was made, the model cannot", op->a);
    world_note_object(model.space[op->a].object, world_id_of(task));
    model_run(&area, &stop, &m);
    for (unsigned h = 0; h < N_HELPERS; h++)
        fuzz_must("helper", start_helper(op->a, h));
    if (!world_prepare(op->a)) {
        if (!tight_world)
            differs("task %u: no memory for its helpers' code", op->a);
        lives[op->a] = true;
        world_end_task(op->a);
        return false;
    }
    for (unsigned h = 0; h < N_HELPERS; h++)
        fuzz_must("start", l4_error(l4_thread_ex_regs(world_helper(op->a, h), HELPER_CODE,
                                                      HELPER_KU + 0x1000 - (1 - h) * 0x400UL, 0)));
    model.page[model_find(op->a, SEQ_MEM, HELPER_CODE)].usage |= USED_READ;
    return true;
}

static void bury(unsigned space)
{
    if (l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, world_task(space, true))) != 0)
        differs("task %u lives, in the model it does not", space);
    lives[space] = false;
    for (unsigned h = 0; h < N_HELPERS; h++) {
        drop(world_helper(space, h));
        model_end_object(helper_object[space][h]);
    }
}

void world_bury(void)
{
    for (unsigned i = 1; i < MODEL_SPACES; i++) {
        if (lives[i] && !model.space[i].alive)
            bury(i);
        lives[i] = model.space[i].alive;
    }
}

void world_end_task(unsigned space)
{
    drop(world_task(space, true));
    model_end_object(model.space[space].object);
    model_end_tasks();
    world_bury();
}

/* ---- begin and end ---- */

/* What the kernel keeps; the kernel information page within is sigma0's to map. */
static void add_owned(struct model_machine *m, u64 base, u64 end)
{
    u64 kip = m->kip & ~0xfffUL;

    if (base <= kip && kip < end) {
        add_owned(m, base, kip);
        add_owned(m, kip + 0x1000, end);
    } else if (base < end) {
        fuzz_must("ranges of the kernel", m->n_owned < MODEL_OWNED ? 0 : -L4_ENOMEM);
        m->owned[m->n_owned++] = (struct model_range){base, end};
    }
}

static void find_machine(struct model_machine *m)
{
    l4_kernel_info_t const *kip = l4_kip();
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(kip);
    unsigned eax = 0x80000001, edx, ebx, ecx;
    __asm__("cpuid" : "+a"(eax), "=d"(edx), "=b"(ebx), "=c"(ecx));
    *m = (struct model_machine){
        .max_order = edx >> 26 & 1 ? 30 : 21, .kip = (u64)kip, .phys_top = 1UL << 40};
    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(kip); i++) {
        u64 start = l4_kernel_info_get_mem_desc_start(&md[i]),
            end = l4_kernel_info_get_mem_desc_end(&md[i]) + 1;

        if (l4_kernel_info_get_mem_desc_is_virtual(&md[i]))
            continue;
        if (l4_kernel_info_get_mem_desc_type(&md[i]) == l4_mem_type_conventional && end > ram_end &&
            end <= 0xc0000000)
            ram_end = end;
        if (l4_kernel_info_get_mem_desc_type(&md[i]) == l4_mem_type_reserved &&
            l4_kernel_info_get_mem_desc_subtype(&md[i]) <= l4_mem_reserved_heap)
            add_owned(m, start & ~0xfffUL, (end + 0xfff) & ~0xfffUL);
    }
}

void world_init(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_DRIVER, 0);

    fuzz_must("priority",
              l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched)));
    pager.entry = pager_loop;
    fuzz_must("pager", quire_thread_create(&pager, pager_stack, sizeof(pager_stack), PRIO_PAGER,
                                           L4_INVALID_CAP));
    for (unsigned i = 1; i <= MAX_TASKS; i++)
        fuzz_must("gate",
                  l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, slot_of(i, CAP_PAGER),
                                                  pager.cap, (u64)i << LABEL_SHIFT)));
    fuzz_must("own task", l4_error(l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP,
                                               l4_obj_fpage(L4_BASE_TASK_CAP, 0, L4_CAP_FPAGE_RWD),
                                               slot_of(0, CAP_TASK) | 0xf0)));
}

void world_begin(const struct scenario *s)
{
    u64 quota = s->quota ? (u64)s->quota << 10 : PLENTY;
    struct model_machine machine;
    struct seq_op make = {.kind = SEQ_TASK};
    struct answer k;

    find_machine(&machine);
    model_reset(&machine);
    tight_world = s->quota != 0;
    for (unsigned i = 1; i <= s->gen.n_tasks; i++) {
        fuzz_must("factory", l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP,
                                                                world_factory(i), quota)));
        pager_object[i] = held_object(slot_of(i, CAP_PAGER));
        make.a = (u8)i;
        make.b = s->family && i > 1;
        make.w[0] = FAMILY_SLOT + i;
        if (!world_make_task(&make, &k))
            differs("no memory for the first tasks");
    }
    world_bury();
}

void world_end(void)
{
    tight_end();
    for (unsigned i = 1; i < MODEL_SPACES; i++) {
        lives[i] = false;
        for (unsigned h = 0; h < N_HELPERS; h++)
            drop(world_helper(i, h));
        drop(world_task(i, true));
        drop(world_factory(i));
    }
}
