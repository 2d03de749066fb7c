/**
 * The two ways to speak of the same task: the older `tasks` (an order is a task, which is `completed`
 * with an output object) and the newer `jobs` (an order is a job, which is `succeeded` with an output URL,
 * and times are milliseconds).
 */
export const TASK_DIALECTS = ['tasks', 'jobs'] as const
export type TaskDialect = (typeof TASK_DIALECTS)[number]

/** A task under its name as a job, and back; the rest of the id is the same. */
export const jobIdOf = (taskId: `task_${string}`): `job_${string}` => `job_${taskId.slice(5)}`
export const taskIdOf = (jobId: `job_${string}`): `task_${string}` => `task_${jobId.slice(4)}`

const JOB_STATUSES = {
  queued: 'queued',
  processing: 'processing',
  completed: 'succeeded',
  failed: 'failed',
  canceled: 'cancelled',
} as const

/** A status of a task in the words of jobs. */
export const jobStatusOf = (status: keyof typeof JOB_STATUSES) => JOB_STATUSES[status]
