import { McpServer, type CallToolResult, type ServerContext } from '@modelcontextprotocol/server'
import type { ExecutionNews } from '../../contracts/ports.ts'
import type { ApiAnswer, AskApi } from './ask-api.ts'
import type { AgentTool, ToolContext } from './agent-tool.ts'
import { CLIP_TOOLS } from './clip-tools.ts'
import { PLAN_TOOLS } from './plan-tools.ts'

/** What a model is told before it calls anything. */
const INSTRUCTIONS = `Spool makes images, videos, voices and captions by plans: JSON with a list of jobs.
A job is {"id", "type", "params"}. Its params use the results of other jobs as "_imageJobDependency:<id>",
"_videoJobDependency:<id>", "_audioJobDependency:<id>" or "_transcriptJobDependency:<id>"; jobs that do
not need each other run at once. Call list_models for what can be used here; models of provider "local" need no key.
Lint a plan before you start it: findings say what to mend, and the estimate what it costs. Then start_plan, and
watch_generation until it has a finishedAt. After a change use fork_generation: what the change does
not touch is not paid again. Never write captions into a video before everything else is done.
Clips of a long video are ordered by POST /v1/clips; list_clips shows those of an order, and each can be
edited (times, captions, format) or regenerated (another moment) alone.`

export interface McpCaller {
  readonly ask: AskApi
  readonly news: ExecutionNews
  readonly version: string
  /** Aborts when the server goes: whoever waits is answered at once. */
  readonly closing: AbortSignal
}

/** What a route refuses is an answer that a model can act on: its problem, findings and all. */
const resultOf = ({ status, body }: ApiAnswer): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(body) }],
  structuredContent: body,
  ...(status >= 400 && { isError: true }),
})

/** The protocol wants every number to be higher than the one before, also where only the words change. */
const PROGRESS_STEP = 0.001

/** Who asked for progress is told of it, of each news once. */
const progressTo = ({ mcpReq }: ServerContext): ToolContext['onProgress'] => {
  const progressToken = mcpReq['_meta']?.progressToken
  let told = { progress: -1, message: '' }
  return async ({ completed, total, message }) => {
    if (progressToken === undefined || message === told.message) return
    told = { progress: Math.max(completed, told.progress + PROGRESS_STEP), message }
    await mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, ...told, total },
    })
  }
}

const register = (server: McpServer, tool: AgentTool, caller: McpCaller): void => {
  const { name, title, description, input, readOnly } = tool
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema: input,
      annotations: { readOnlyHint: readOnly, destructiveHint: false, openWorldHint: !readOnly },
    },
    async (given: unknown, context: ServerContext) => {
      const { ask, news, closing } = caller
      const signal = AbortSignal.any([closing, context.mcpReq.signal])
      return resultOf(
        await tool.call(given, { ask, news, signal, onProgress: progressTo(context) }),
      )
    },
  )
}

/** All that an agent may call. */
export const AGENT_TOOLS = [...PLAN_TOOLS, ...CLIP_TOOLS]

/** The tools for one caller; made for each request, for nothing is kept between them. */
export const createMcpServer = (caller: McpCaller): McpServer => {
  const server = new McpServer(
    { name: 'spool', version: caller.version },
    { instructions: INSTRUCTIONS },
  )
  for (const tool of AGENT_TOOLS) register(server, tool, caller)
  return server
}
