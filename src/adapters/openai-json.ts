import type OpenAI from 'openai'
import { z } from 'zod'
import { MediaError } from '../domain/failures.ts'
import { openaiFailure } from './provider-failure.ts'

export interface JsonQuestion {
  readonly client: OpenAI
  readonly model: string
  /** As it is called in failures: `the translation model`. */
  readonly provider: string
  readonly instructions: string
  readonly content: string
  /** A JSON schema in the strict form: every property required, none beside them. */
  readonly schema: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> }
  readonly signal: AbortSignal
}

/**
 * Asks a chat model of any server of the OpenAI dialect for JSON of a schema. *Returns* what it said,
 * which the caller has to check: servers of other makers ignore schemas; null when the answer was cut
 * off, or is no JSON. *Errors:* PROVIDER_REJECTED (it refused), PROVIDER_OUTPUT_INVALID (no completion),
 * those of `openaiFailure`.
 */
export const askForJson = async (question: JsonQuestion): Promise<unknown> => {
  const { client, model, provider, instructions, content, schema, signal } = question
  try {
    const completion = await client.chat.completions.create(
      {
        model,
        messages: [
          { role: 'system', content: instructions },
          { role: 'user', content },
        ],
        response_format: { type: 'json_schema', json_schema: { ...schema, strict: true } },
      },
      { signal },
    )
    return jsonOf(completion, provider)
  } catch (error) {
    throw openaiFailure(provider, error, signal)
  }
}

/** What a server answers; those of other makers leave out half of it. */
const completionShape = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
})

const jsonOf = (completion: unknown, provider: string): unknown => {
  const choice = completionShape.safeParse(completion).data?.choices[0]
  if (choice === undefined) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `${provider} gave no completion`)
  }
  if (choice.message.refusal) throw new MediaError('PROVIDER_REJECTED', `${provider} refused`)
  return choice.finish_reason === 'length' ? null : jsonIn(choice.message.content ?? '')
}

/** Servers without structured output fence it as code. */
const jsonIn = (content: string): unknown => {
  try {
    return JSON.parse(content.replace(/^\s*```(?:json)?\s*|\s*```\s*$/g, ''))
  } catch {
    return null
  }
}
