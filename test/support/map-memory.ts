import type { AnswerMemory } from '../../src/adapters/answer-memory.ts'

/** A memory that ends with the test. */
export const mapMemory = (): AnswerMemory => {
  const kept = new Map<string, string>()
  return {
    find: async (key) => kept.get(key) ?? null,
    keep: async (key, text) => {
      kept.set(key, text)
    },
  }
}
