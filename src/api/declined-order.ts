import { FailureWithFacts } from './problem.ts'

/** The answer to an order whose hold was declined, with the figures. */
export const declinedOrder = ({
  neededCredits,
  availableCredits,
}: {
  readonly neededCredits: number
  readonly availableCredits: number
}): FailureWithFacts =>
  new FailureWithFacts('INSUFFICIENT_CREDITS', 'the hold was declined', {
    neededCredits,
    availableCredits,
  })
