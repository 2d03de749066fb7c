import type { z } from 'zod'
import type { ExecutionNews } from '../../contracts/ports.ts'
import type { ApiAnswer, ApiQuestion, AskApi } from './ask-api.ts'

/** What a call of a tool works with. */
export interface ToolContext {
  readonly ask: AskApi
  readonly news: ExecutionNews
  /** The client has gone or has thought better of it, or the server goes. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: {
    readonly completed: number
    readonly total: number
    readonly message: string
  }) => Promise<void>
}

/** What an agent may call. */
export interface AgentTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: z.ZodObject
  /** Changes nothing. */
  readonly readOnly: boolean
  readonly call: (input: unknown, context: ToolContext) => Promise<ApiAnswer>
}

/** A tool, typed by its input. */
export const tool = <Input extends z.ZodObject>(
  facts: Omit<AgentTool, 'input' | 'call'>,
  input: Input,
  call: (input: z.infer<Input>, context: ToolContext) => Promise<ApiAnswer>,
): AgentTool => ({
  ...facts,
  input,
  call: async (given, context) => await call(input.parse(given), context),
})

/** A tool that is one question to the API. */
export const question = <Input extends z.ZodObject>(
  facts: Omit<AgentTool, 'input' | 'call'>,
  input: Input,
  ask: (input: z.infer<Input>) => ApiQuestion,
): AgentTool => tool(facts, input, async (given, context) => await context.ask(ask(given)))
