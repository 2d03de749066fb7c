/** The graph of a plan, as the workflow itself runs it: whatever the plan, and whatever fails in it. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobStep } from '../../src/domain/steps.ts'
import { failWith } from '../support/activity-fakes.ts'
import { beforeMaking, generationWorld, type FakeJob } from '../support/generation-fakes.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

interface RandomPlan {
  /** In an order in which hardly any could begin. */
  readonly jobs: readonly FakeJob[]
  readonly failing: ReadonlySet<string>
}

const nameOf = (index: number) => `j${index}`

/** Everybody needs some of the fifteen before; a job in nine fails, if it is tried at all. */
const randomPlan: fc.Arbitrary<RandomPlan> = fc
  .array(
    fc.record({
      back: fc.uniqueArray(fc.integer({ min: 1, max: 15 }), { maxLength: 3 }),
      fails: fc.nat({ max: 8 }).map((roll) => roll === 0),
      isMedia: fc.boolean(),
    }),
    { minLength: 40, maxLength: 40 },
  )
  .chain((rows) => {
    const jobs = rows.map(({ back, isMedia }, index): FakeJob => ({
      id: nameOf(index),
      kind: isMedia ? 'media' : 'model',
      needs: back.filter((steps) => steps <= index).map((steps) => nameOf(index - steps)),
      isOutput: true,
    }))
    const failing = new Set(rows.flatMap(({ fails }, index) => (fails ? [nameOf(index)] : [])))
    return fc
      .shuffledSubarray(jobs, { minLength: jobs.length })
      .map((shuffled) => ({ jobs: shuffled, failing }))
  })

/** Who cannot be made because something that it needs cannot be: by the plainest way there is. */
const doomedIn = ({ jobs, failing }: RandomPlan): ReadonlySet<string> => {
  const doomed = new Set<string>()
  for (let before = -1; doomed.size > before;) {
    before = doomed.size
    for (const { id, needs = [] } of jobs) {
      if (needs.some((need) => failing.has(need) || doomed.has(need))) doomed.add(id)
    }
  }
  return doomed
}

const worldOf = ({ jobs, failing }: RandomPlan) => {
  const tried: string[] = []
  const change = beforeMaking((jobId) => {
    tried.push(jobId)
    if (failing.has(jobId)) throw failWith('INPUT_INVALID')
  })
  const world = generationWorld({ jobs, change })
  return { world, tried }
}

const PLANS = fc.sample(randomPlan, { numRuns: 4, seed: 20_261_122 })

test.each(PLANS.map((plan, index) => [index + 1, plan] as const))(
  'in any plan each job is made once and after all that it needs, or given up for one that failed (%i)',
  async (_, plan) => {
    const { world, tried } = worldOf(plan)
    await server.with(world.activities, async () => {
      await (await orderPipeline(server, newPipelineOrder('generate'))).handle.result()
    })
    const doomed = doomedIn(plan)
    expect(doomed.size).toBeGreaterThan(0)
    const ids = plan.jobs.map(({ id }) => id)
    // What is doomed is not even tried, and what fails by itself is tried once.
    expect(tried.toSorted()).toEqual(ids.filter((id) => !doomed.has(id)).toSorted())
    const isMade = (id: string) => !doomed.has(id) && !plan.failing.has(id)
    expect(world.made.toSorted()).toEqual(ids.filter(isMade).toSorted())
    for (const { id, needs = [] } of plan.jobs.filter((job) => isMade(job.id))) {
      for (const need of needs) {
        expect(world.made.indexOf(need)).toBeLessThan(world.made.indexOf(id))
      }
    }
    const failures = new Map(world.results.map(({ step, failure }) => [step, failure]))
    for (const id of ids.filter((one) => !isMade(one))) {
      const expected = doomed.has(id) ? 'JOB_INPUT_FAILED' : 'INPUT_INVALID'
      expect([id, failures.get(jobStep(id))]).toEqual([id, expected])
    }
  },
)
