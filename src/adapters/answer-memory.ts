import { createHash } from 'node:crypto'

/** Answers that were paid for, kept by one attempt at a piece of work for the next. */
export interface AnswerMemory {
  /** The text under a key, which is hexadecimal; null: nobody has kept one. */
  find(key: string): Promise<string | null>
  keep(key: string, text: string): Promise<void>
}

/**
 * The answer that an earlier attempt got to the very same question, else a new one, which is kept: `ask`
 * has to reject an answer that is of no use. Both have to be plain JSON. *Errors:* those of `ask` and of
 * the memory; what cannot be kept stops the work before more is paid.
 */
export const rememberedAnswer = async <Answer>(
  memory: AnswerMemory | undefined,
  question: readonly unknown[],
  ask: () => Promise<Answer>,
): Promise<Answer> => {
  if (memory === undefined) return await ask()
  const key = createHash('sha256').update(JSON.stringify(question)).digest('hex')
  const known = await memory.find(key)
  if (known !== null) return JSON.parse(known) as Answer
  const answer = await ask()
  await memory.keep(key, JSON.stringify(answer))
  return answer
}
