import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { unchangedJobs } from '../../../src/domain/generation/fork.ts'
import { dependenciesOf } from '../../../src/domain/generation/graph.ts'
import type { PlanJob } from '../../../src/domain/generation/plan.ts'

const CARD = [{ model: 'local/card', provider: 'local' }] as const
const PAN = [{ model: 'local/pan-zoom', provider: 'local' }] as const

const image = (id: string, prompt: string): PlanJob => ({
  id,
  dependsOn: [],
  operation: 'generateImage',
  choices: CARD,
  params: { prompt },
})
const video = (id: string, imageId: string, dependsOn: readonly string[] = []): PlanJob => ({
  id,
  dependsOn,
  operation: 'generate',
  choices: PAN,
  params: { image: { from: 'job', jobId: imageId, media: 'image' }, durationSeconds: 2 },
})

const NOTHING_FRESH: ReadonlySet<string> = new Set()
const kept = (before: PlanJob[], after: PlanJob[], fresh = NOTHING_FRESH) =>
  [...unchangedJobs(before, after, fresh)].toSorted()

const PLAN = [image('a', 'a hill'), video('b', 'a'), image('c', 'a lake'), video('d', 'c')]

describe('a changed plan keeps', () => {
  test('all of itself when nothing has changed, in whatever order names and jobs are written', () => {
    const turned = PLAN.map(
      (job) => Object.fromEntries(Object.entries(job).toReversed()) as unknown as PlanJob,
    )
    expect(kept(PLAN, turned.toReversed())).toEqual(['a', 'b', 'c', 'd'])
  })

  test('what does not come of the change', () => {
    expect(kept(PLAN, [image('a', 'a valley'), ...PLAN.slice(1)])).toEqual(['c', 'd'])
  })

  test('nothing of another model, another id, or another medium', () => {
    const other = { ...image('a', 'a hill'), choices: PAN } as PlanJob
    expect(kept(PLAN, [other, ...PLAN.slice(1)])).toEqual(['c', 'd'])
    expect(kept(PLAN, [image('e', 'a hill')])).toEqual([])
  })

  test('what only waits for a job that has changed', () => {
    const before = [image('a', 'a hill'), image('c', 'a lake'), video('d', 'c', ['a'])]
    expect(kept(before, [image('a', 'a valley'), ...before.slice(1)])).toEqual(['c', 'd'])
  })

  test('nothing that is made anew, nor what comes of it', () => {
    expect(kept(PLAN, PLAN, new Set(['a']))).toEqual(['c', 'd'])
  })

  test('nothing of a circle that has changed, and gives an answer', () => {
    const circle = [video('a', 'b'), video('b', 'a'), image('c', 'a lake')]
    expect(kept(circle, circle)).toEqual(['a', 'b', 'c'])
    expect(kept(circle, circle, new Set(['a']))).toEqual(['c'])
  })
})

test.prop([
  fc.array(fc.tuple(fc.nat(20), fc.nat(3)), { minLength: 1, maxLength: 20 }),
  fc.array(fc.nat(20), { maxLength: 5 }),
])('whatever is kept is made of kept jobs alone', (shape, changes) => {
  const plan = (versions: ReadonlySet<number>) =>
    shape.map(([other], index) =>
      other < index
        ? video(`j${index}`, `j${other}`)
        : image(`j${index}`, versions.has(index) ? 'new' : 'old'),
    )
  const after = plan(new Set(changes))
  const unchanged = unchangedJobs(plan(new Set()), after, NOTHING_FRESH)
  for (const job of after) {
    const isKept = unchanged.has(job.id)
    if (isKept) for (const id of dependenciesOf(job)) expect(unchanged).toContain(id)
    const isNew = changes.includes(Number(job.id.slice(1))) && job.operation === 'generateImage'
    if (isNew) expect(isKept).toBe(false)
    if (!isNew && dependenciesOf(job).every((id) => unchanged.has(id))) expect(isKept).toBe(true)
  }
})
