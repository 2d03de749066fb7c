import { and, eq, inArray, sql, type InferInsertModel, type InferSelectModel } from 'drizzle-orm'
import type { PublicFailure } from '../../domain/failures.ts'
import { holdId, type AccountId, type TaskId } from '../../domain/ids.ts'
import { TASK_STATUSES, isTaskOver, type TaskStatus } from '../../domain/statuses.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import type { Database, Transaction } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { tasks } from '../schema/index.ts'
import { takeHold, type HoldOutcome, type HoldRequest } from './ledger-holds.ts'
import { createLedgerRepository, type LedgerRepository } from './ledger.ts'
import {
  afterCursor,
  newestFirst,
  pageOf,
  type Page,
  type PageRequest,
  type RepositoryOptions,
} from './page.ts'

export type Task = InferSelectModel<typeof tasks>
export type NewTask = Pick<
  InferInsertModel<typeof tasks>,
  | 'id'
  | 'accountId'
  | 'kind'
  | 'dialect'
  | 'input'
  | 'options'
  | 'metadata'
  | 'webhookUrl'
  | 'priority'
>

/** What became of an order whose price was to be held with it. */
export type TaskAdmitted =
  | { readonly state: 'admitted'; readonly task: Task }
  | Extract<HoldOutcome, { state: 'declined' }>

/** How a call to end a task went: `settled` is true for the one call that ended it. */
export interface TaskEnding {
  readonly settled: boolean
  readonly task: Task
}

const OPEN_STATUSES = TASK_STATUSES.filter((status) => !isTaskOver(status))
const isOpen = inArray(tasks.status, OPEN_STATUSES)

/** The endings of a task. Each ends row and hold in one transaction, and only the first counts. */
const createTaskEndings = (database: Database, ledger: LedgerRepository, clock: () => Date) => {
  const settle = async (
    tx: Transaction,
    taskId: TaskId,
    ending: { status: TaskStatus; output?: TaskOutput; error?: PublicFailure | null },
  ): Promise<TaskEnding | null> => {
    const [settled] = await tx
      .update(tasks)
      .set({
        ...ending,
        finishedAt: clock(),
        ...(ending.status === 'completed' ? { progress: 100 } : {}),
      })
      .where(and(eq(tasks.id, taskId), isOpen))
      .returning()
    if (settled !== undefined) return { settled: true, task: settled }
    const [stored] = await tx.select().from(tasks).where(eq(tasks.id, taskId))
    return stored === undefined ? null : { settled: false, task: stored }
  }

  return {
    /** Publishes the output and captures the hold, if the task has one. A repeated call, or one
     * that comes after another ending, changes nothing. *Errors:* HOLD_CONFLICT when the hold has
     * ended already (the task stays open). Null: no such task. */
    complete: (input: { taskId: TaskId; output: TaskOutput }): Promise<TaskEnding | null> =>
      database.transaction(async (tx) => {
        const { taskId, output } = input
        const ending = await settle(tx, taskId, { status: 'completed', output, error: null })
        if (ending?.settled === true) await ledger.captureIfHeld(holdId(taskId), tx)
        return ending
      }),

    /** Ends the task without output and voids what is held. A finished task stays as it is. */
    abandon: (input: {
      taskId: TaskId
      ending: 'failed' | 'canceled'
      failure: PublicFailure | null
    }): Promise<TaskEnding | null> =>
      database.transaction(async (tx) => {
        const { taskId, ending: status, failure } = input
        const ending = await settle(tx, taskId, { status, error: failure })
        const hold = ending?.settled === true ? await ledger.holdOf(holdId(taskId), tx) : null
        if (hold !== null) await ledger.void(hold.id, tx)
        return ending
      }),
  }
}

/** Single media operations of the tasks API. Locks: task, then hold, then credit account; a new task comes
 * last, for nobody else can want it yet. */
export const createTasksRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const findById = async (id: TaskId): Promise<Task | null> => {
    const [task] = await database.select().from(tasks).where(eq(tasks.id, id))
    return task ?? null
  }

  return withDatabaseFailures({
    ...createTaskEndings(database, createLedgerRepository(database, { clock }), clock),
    findById,

    /** *Idempotent* by id: the stored row is returned. */
    insert: async (row: NewTask): Promise<Task> => {
      const [inserted] = await database.insert(tasks).values(row).onConflictDoNothing().returning()
      return inserted ?? (await findById(row.id))!
    },

    /** The same, with its price set aside in the same transaction; null: nothing is to be paid. If the
     * account has not enough there is no task, and the refusal is kept. *Idempotent* by id. */
    admit: (row: NewTask, hold: HoldRequest | null): Promise<TaskAdmitted> =>
      database.transaction(async (tx) => {
        const held = hold === null ? null : await takeHold(tx, hold, clock())
        if (held?.state === 'declined') return held
        const [inserted] = await tx.insert(tasks).values(row).onConflictDoNothing().returning()
        const [task = inserted!] =
          inserted === undefined ? await tx.select().from(tasks).where(eq(tasks.id, row.id)) : []
        return { state: 'admitted', task }
      }),

    find: async (accountId: AccountId, id: TaskId): Promise<Task | null> => {
      const task = await findById(id)
      return task?.accountId === accountId ? task : null
    },

    /** Marks the task `processing`; null when it is over (or is none). */
    start: async (taskId: TaskId): Promise<Task | null> => {
      const now = clock()
      const [started] = await database
        .update(tasks)
        .set({
          status: 'processing',
          startedAt: sql`coalesce(${tasks.startedAt}, ${now})`,
          lastSignOfLifeAt: now,
        })
        .where(and(eq(tasks.id, taskId), isOpen))
        .returning()
      return started ?? null
    },

    /** `progress`: 0 to 100; it never falls, also when a second attempt begins anew. The sign of
     * life counts in any case. False when the task is over. */
    recordProgress: async (input: {
      taskId: TaskId
      progress: number
      signOfLifeAt: Date
    }): Promise<boolean> => {
      const progress = Math.min(100, Math.max(0, input.progress))
      const written = await database
        .update(tasks)
        .set({
          progress: sql`greatest(${tasks.progress}, ${progress}::double precision)`,
          lastSignOfLifeAt: sql`greatest(${tasks.lastSignOfLifeAt}, ${input.signOfLifeAt})`,
        })
        .where(and(eq(tasks.id, input.taskId), isOpen))
        .returning({ id: tasks.id })
      return written.length > 0
    },

    list: async (
      input: PageRequest & { accountId: AccountId; status?: TaskStatus | undefined },
    ): Promise<Page<Task>> => {
      const rows = await database
        .select()
        .from(tasks)
        .where(
          and(
            eq(tasks.accountId, input.accountId),
            input.status === undefined ? undefined : eq(tasks.status, input.status),
            afterCursor(tasks, input.cursor),
          ),
        )
        .orderBy(...newestFirst(tasks))
        .limit(input.limit + 1)
      return pageOf(rows, input.limit)
    },
  })
}

export type TasksRepository = ReturnType<typeof createTasksRepository>
