import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget } from '../../../src/domain/generation/budget.ts'

const job = fc.record({
  upperCredits: fc.integer({ min: 0, max: 50 }),
  /** Of what was set aside for it. */
  priceRatio: fc.double({ min: 0, max: 1, noNaN: true }),
  /** How many jobs begin before it ends. */
  endsAfterCount: fc.integer({ min: 0, max: 5 }),
})

describe('a budget', () => {
  it('is never exceeded, however many jobs run at a time and whatever they cost', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.array(job), (maxCredits, jobs) => {
        const budget = new Budget(maxCredits, 0)
        let spentCredits = 0
        const open: { readonly id: string; readonly priceCredits: number; ends: number }[] = []
        jobs.forEach(({ upperCredits, priceRatio, endsAfterCount }, index) => {
          const id = `job-${index}`
          if (budget.reserve(id, upperCredits)) {
            const priceCredits = Math.floor(upperCredits * priceRatio)
            open.push({ id, priceCredits, ends: index + endsAfterCount })
          }
          for (const over of open.filter(({ ends }) => ends <= index)) {
            budget.settle(over.id, over.priceCredits)
            spentCredits += over.priceCredits
            open.splice(open.indexOf(over), 1)
          }
        })
        for (const { id, priceCredits } of open) {
          budget.settle(id, priceCredits)
          spentCredits += priceCredits
        }
        expect(spentCredits).toBeLessThanOrEqual(maxCredits)
        expect(budget.hasRoom(maxCredits - spentCredits)).toBe(true)
        expect(budget.hasRoom(maxCredits - spentCredits + 1)).toBe(false)
      }),
    )
  })

  it('counts what earlier rounds have spent', () => {
    const budget = new Budget(10, 8)
    expect(budget.hasRoom(3)).toBe(false)
    expect(budget.hasRoom(2)).toBe(true)
  })

  it('has room for what is free, even when all of it is spent', () => {
    expect(new Budget(5, 9).reserve('free', 0)).toBe(true)
  })

  it('rises and never falls', () => {
    const budget = new Budget(5, 0)
    budget.raise(3)
    expect(budget.hasRoom(5)).toBe(true)
    budget.raise(8)
    expect(budget.hasRoom(8)).toBe(true)
    budget.raise(null)
    expect(budget.hasRoom(1_000_000)).toBe(true)
  })

  it('takes the price of a job once', () => {
    const budget = new Budget(10, 0)
    budget.reserve('a', 6)
    budget.settle('a', 4)
    budget.settle('a', 4)
    expect(budget.hasRoom(6)).toBe(true)
    expect(budget.isWaitingForJobs).toBe(false)
  })
})
