import type { Figure } from './figure.ts'
import type { BenchStack } from './stack.ts'

/** What `npm run bench` was asked for. */
export interface Run {
  /** A smaller run: fewer samples, shorter videos. */
  readonly quick: boolean
  /** How many executions wait for their webhooks at once. */
  readonly executions: number
  /** The stack of this run; started by the first that asks. */
  readonly stack: () => Promise<BenchStack>
  /** Tells what is going on. */
  readonly say: (line: string) => void
}

export type Measure = (run: Run) => Promise<Figure[]>
