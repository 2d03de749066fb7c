import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dependenciesOf,
  mainResult,
  planGraph,
  planOrder,
  resultJobs,
  type GraphNode,
} from '../../../src/domain/generation/graph.ts'
import { at, card, from, item, merge, modelJob, node } from '../../support/plan-jobs.ts'

/** Any graph, circles included; some needs name nobody. */
const anyGraph = fc
  .array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { maxLength: 25 })
  .map((rows) =>
    rows.map((needs, index): GraphNode => ({
      id: `j${index}`,
      needs: [...new Set(needs)].map((need) => `j${need}`),
    })),
  )

/** A graph without circles: everybody needs earlier ones, and then the order is shuffled. */
const anyPlan = fc
  .array(fc.array(fc.nat({ max: 1_000 }), { maxLength: 4 }), { minLength: 1, maxLength: 25 })
  .map((rows) =>
    rows.map((needs, index): GraphNode => ({
      id: `j${index}`,
      needs: index === 0 ? [] : [...new Set(needs.map((need) => `j${need % index}`))],
    })),
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length }))

describe('the order of a plan', () => {
  it('puts every job after those that it needs, each once', () => {
    fc.assert(
      fc.property(anyPlan, (nodes) => {
        const result = planOrder(nodes)
        const order = 'order' in result ? result.order : []
        expect(order.toSorted()).toEqual(nodes.map(({ id }) => id).toSorted())
        for (const { id, needs } of nodes) {
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(id))
        }
      }),
    )
  })

  it('is either there or a circle that can be walked, for any graph', () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const result = planOrder(nodes)
        if ('order' in result) return
        const needs = new Map(nodes.map((each) => [each.id, each.needs]))
        expect(result.cycle.length).toBeGreaterThan(0)
        for (const [index, id] of result.cycle.entries()) {
          expect(needs.get(id)).toContain(result.cycle[(index + 1) % result.cycle.length])
        }
      }),
    )
  })

  it('keeps the order of the plan where nothing speaks against it', () => {
    const nodes = planGraph([node('c', []), node('a', []), node('b', [])])
    expect(planOrder(nodes)).toEqual({ order: ['c', 'a', 'b'] })
  })

  it('is found for a chain of 5,000 jobs without a deep stack', () => {
    const chain = Array.from({ length: 5_000 }, (_, index) => ({
      id: `j${index}`,
      needs: index === 4_999 ? [] : [`j${index + 1}`],
    }))
    const result = planOrder(chain)
    expect('order' in result && result.order[0]).toBe('j4999')
  })
})

describe('what a job needs', () => {
  it('is every job that it is made from, and whoever it waits for besides, each once', () => {
    const job = {
      ...merge('m', [item(from('a')), item(from('b')), item(from('a'))]),
      dependsOn: ['c', 'b'],
    }
    expect(dependenciesOf(job)).toEqual(['a', 'b', 'c'])
  })

  it('is nothing for files that are there already', () => {
    expect(dependenciesOf(merge('m', [item(at('https://example.com/a.mp4'))]))).toEqual([])
  })

  it('is the job that writes its text', () => {
    const voice = modelJob('v', 'generateAudio', ['local/espeak @ local'], { text: from('t') })
    expect(dependenciesOf(voice)).toEqual(['t'])
  })
})

describe('the result of a plan', () => {
  const clip = modelJob('clip', 'generate', ['local/pan-zoom @ local'], { image: from('card') })
  const plan = [card('card'), clip, merge('film', [item(from('clip'))]), card('poster')]

  it('is what nobody else needs', () => {
    expect(resultJobs(planGraph(plan)).map(({ id }) => id)).toEqual(['film', 'poster'])
  })

  it('is the video among them', () => {
    expect(mainResult(plan)).toBe('film')
    expect(mainResult([card('a'), card('b')])).toBe('b')
    expect(mainResult([])).toBeNull()
  })
})
