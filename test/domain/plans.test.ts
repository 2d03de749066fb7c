import { expect, test } from 'vitest'
import { PLAN_TERMS, PLANS, planTerms, type Plan } from '../../src/domain/plans.ts'

const SOLD = PLANS.filter((plan) => plan !== 'internal')

const inOrder = (figure: (plan: Plan) => number): number[] => SOLD.map((plan) => figure(plan))

test('a dearer plan is never worse in any term', () => {
  const falling = [
    inOrder((plan) => planTerms(plan).crf),
    inOrder((plan) => planTerms(plan).priority),
  ]
  const rising = [
    inOrder((plan) => planTerms(plan).fairnessWeight),
    inOrder((plan) => planTerms(plan).regionSecondsMax),
    inOrder((plan) => planTerms(plan).resolutionMax),
    inOrder((plan) => planTerms(plan).uploadSizeBytesMax),
    inOrder((plan) => planTerms(plan).mediaDurationSecondsMax),
    inOrder((plan) => Number(planTerms(plan).hdr)),
  ]
  for (const figures of rising) expect(figures).toEqual(figures.toSorted((a, b) => a - b))
  for (const figures of falling) expect(figures).toEqual(figures.toSorted((a, b) => b - a))
})

test('every plan that is sold is charged, and only Spool itself is not', () => {
  expect(PLANS.filter((plan) => !PLAN_TERMS[plan].billed)).toEqual(['internal'])
})

test('Spool itself accepts whatever any plan allows, or renders would fail half-way', () => {
  const internal = planTerms('internal')
  for (const plan of SOLD) {
    const terms = planTerms(plan)
    expect(internal.regionSecondsMax).toBeGreaterThanOrEqual(terms.regionSecondsMax)
    expect(internal.resolutionMax).toBeGreaterThanOrEqual(terms.resolutionMax)
    expect(internal.mediaDurationSecondsMax).toBeGreaterThanOrEqual(terms.mediaDurationSecondsMax)
    expect(internal.hdr || !terms.hdr).toBe(true)
  }
})

test('a region that a plan allows fits into the media that it allows', () => {
  for (const plan of PLANS) {
    const { regionSecondsMax, mediaDurationSecondsMax } = planTerms(plan)
    expect(regionSecondsMax).toBeLessThanOrEqual(mediaDurationSecondsMax)
  }
})
