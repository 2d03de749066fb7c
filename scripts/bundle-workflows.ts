// `node scripts/bundle-workflows.ts [file]`: proves that the workflows can be bundled for Temporal's
// sandbox, and writes the bundle for production, where workers start without bundling.

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'

const workflowsPath = createRequire(import.meta.url).resolve('../src/workflows/index.ts')

const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') })
const target = process.argv[2]
if (target !== undefined) writeFileSync(target, code)
console.log(`The workflow bundle has ${Math.round(code.length / 1024)} KB.`)
