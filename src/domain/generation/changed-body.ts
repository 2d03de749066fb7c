/** Changes to a plan as it was ordered. */

type Fields = Readonly<Record<string, unknown>>

/** By the ids of jobs: null takes the job out; else its fields are replaced, those of `params` one by
 * one, where null takes a field out. An id that the plan has not is a new job. */
export type PlanChanges = Readonly<Record<string, Fields | null>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fields with others laid over them; those that are null are taken out. */
const merged = (before: Fields, changes: Fields): Fields =>
  Object.fromEntries(
    Object.entries({ ...before, ...changes }).filter(([name]) => changes[name] !== null),
  )

const changedJob = (job: Fields, change: Fields): Fields => {
  const { params, ...rest } = change
  const before = isFields(job['params']) ? job['params'] : {}
  return {
    ...merged(job, rest),
    params: isFields(params) ? merged(before, params) : (params ?? job['params']),
  }
}

/** The body with the changes made. Nothing of it is judged here. */
export const changedBody = (body: Fields, changes: PlanChanges): Fields => {
  const jobs = (Array.isArray(body['jobs']) ? body['jobs'] : []).filter(isFields)
  const known = new Set(jobs.map(({ id }) => id))
  const changed = jobs.flatMap((job) => {
    const change = Object.hasOwn(changes, String(job['id']))
      ? changes[String(job['id'])]
      : undefined
    if (change === null) return []
    return [change === undefined ? job : changedJob(job, change)]
  })
  const added = Object.entries(changes).flatMap(([id, job]) =>
    known.has(id) || job === null ? [] : [{ ...job, id }],
  )
  return { ...body, jobs: [...changed, ...added] }
}
