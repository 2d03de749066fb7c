import { z } from 'zod'
import { question, tool, type AgentTool } from './agent-tool.ts'
import { watchGeneration } from './watch-generation.ts'

/** Shown to models in this shape, and read by the linter alone: whatever is wrong, were it missing, is
 * a finding. */
const planField = z
  .unknown()
  .optional()
  .meta({
    type: 'object',
    required: ['jobs'],
    properties: {
      jobs: {
        type: 'array',
        items: {
          type: 'object',
          required: ['id', 'type', 'params'],
          properties: {
            id: { type: 'string' },
            type: { type: 'string', description: 'The operation: generateImage, merge, …' },
            params: { type: 'object' },
            dependsOn: { type: 'array', items: { type: 'string' } },
            fallbacks: {
              type: 'array',
              items: {
                type: 'object',
                properties: { model: { type: 'string' }, provider: { type: 'string' } },
              },
            },
          },
        },
      },
      maxCredits: { type: 'integer', description: 'The run pauses before it would cost more.' },
    },
    description: 'The plan; get_plan_schema has every field.',
  })

const executionIdField = z.string().meta({ description: 'exec_…, as start_plan answered it.' })

/** Many clients give a tool a minute. */
const WAIT_SECONDS_MAX = 50

const pathOf = (executionId: string, end = ''): string =>
  `/v1/generations/${encodeURIComponent(executionId)}${end}`

/** What an agent can do with plans: each is a route of the API, asked in the name of its key. */
export const PLAN_TOOLS: readonly AgentTool[] = [
  question(
    {
      name: 'list_models',
      title: 'List models',
      description:
        'The models that plans can name: what each makes and takes, at which providers, its price, and whether this server can use it.',
      readOnly: true,
    },
    z.object({}),
    () => ({ method: 'GET', path: '/v1/generations/models' }),
  ),
  question(
    {
      name: 'get_plan_schema',
      title: 'Get the schema of plans',
      description: 'The JSON Schema of a plan, with every operation and its parameters.',
      readOnly: true,
    },
    z.object({}),
    () => ({ method: 'GET', path: '/v1/generations/schema' }),
  ),
  question(
    {
      name: 'lint_plan',
      title: 'Lint a plan',
      description:
        'Findings about a plan, each with the job, the path and how to mend it, and what the plan would cost. Free; starts nothing.',
      readOnly: true,
    },
    z.object({ plan: planField }),
    ({ plan }) => ({ method: 'POST', path: '/v1/generations/lint', body: plan }),
  ),
  tool(
    {
      name: 'estimate_plan',
      title: 'Estimate a plan',
      description: 'What a plan would cost in credits, per job and in total. Free; starts nothing.',
      readOnly: true,
    },
    z.object({ plan: planField }),
    async ({ plan }, { ask }) => {
      const judged = await ask({ method: 'POST', path: '/v1/generations/lint', body: plan })
      if (judged.status !== 200) return judged
      const { ok, estimate } = judged.body as { readonly ok: boolean; readonly estimate: unknown }
      return { status: 200, body: { ok, estimate } }
    },
  ),
  question(
    {
      name: 'start_plan',
      title: 'Start a plan',
      description:
        'Holds the upper end of the estimate and starts the plan. Answers at once with an execution id; a plan with errors is refused with its findings, and nothing is paid.',
      readOnly: false,
    },
    z.object({
      plan: planField,
      idempotencyKey: z
        .string()
        .optional()
        .meta({ description: 'The same key starts the same plan only once.' }),
    }),
    ({ plan, idempotencyKey }) => ({
      method: 'POST',
      path: '/v1/generations',
      body: plan,
      idempotencyKey,
    }),
  ),
  tool(
    {
      name: 'watch_generation',
      title: 'Watch a run',
      description:
        'Waits until a run is over, or waits for somebody, or the time is up; answers how every job stands, what it cost, and the URL of the result.',
      readOnly: true,
    },
    z.object({
      executionId: executionIdField,
      waitSeconds: z
        .number()
        .min(0)
        .max(WAIT_SECONDS_MAX)
        .default(30)
        .meta({ description: '0: how it stands now. Call again while it goes on.' }),
    }),
    async ({ executionId, waitSeconds }, context) =>
      await watchGeneration({
        ...context,
        executionId,
        timeoutMs: waitSeconds * 1000,
        onProgress: async ({ completed, total, currentOperation }) =>
          await context.onProgress({
            completed,
            total,
            message: `completed ${completed} of ${total}${currentOperation === null ? '' : `, ${currentOperation}`}`,
          }),
      }),
  ),
  question(
    {
      name: 'fork_generation',
      title: 'Run a changed plan',
      description:
        'Runs a changed plan that uses again, free of charge, whatever the change does not touch. With dryRun it only says what that would cost.',
      readOnly: false,
    },
    z.object({
      executionId: executionIdField,
      plan: planField,
      changes: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()).optional().meta({
        description:
          'Instead of a plan, by the ids of jobs: fields to replace (those of params one by one), or null for a job that goes.',
      }),
      from: z
        .array(z.string())
        .optional()
        .meta({ description: 'Jobs that are made anew though nothing has changed.' }),
      dryRun: z.boolean().default(false),
    }),
    ({ executionId, ...body }) => ({
      method: 'POST',
      path: `/v1/executions/${encodeURIComponent(executionId)}/fork`,
      body,
    }),
  ),
  question(
    {
      name: 'cancel_generation',
      title: 'Cancel a run',
      description: 'Stops a run, also at the providers; only what was finished by then is paid.',
      readOnly: false,
    },
    z.object({ executionId: executionIdField }),
    ({ executionId }) => ({
      method: 'POST',
      path: `/v1/executions/${encodeURIComponent(executionId)}/cancel`,
    }),
  ),
  question(
    {
      name: 'raise_limit',
      title: 'Raise the limit of a run',
      description: 'Lets a run go on that waits for a higher limit (waitingFor).',
      readOnly: false,
    },
    z.object({ executionId: executionIdField, maxCredits: z.int().min(0) }),
    ({ executionId, maxCredits }) => ({
      method: 'POST',
      path: pathOf(executionId, '/limit'),
      body: { maxCredits },
    }),
  ),
]
