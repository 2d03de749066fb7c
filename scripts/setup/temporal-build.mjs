import { join } from 'node:path'
import { buildWithGo } from './go-build.mjs'

/**
 * Builds the CLI from tools/temporal (versions and checksums pinned there) to `target`, in one rename.
 * About ten minutes of processor time once, seconds with a warm Go cache.
 * Returns `{ ok: true }` or `{ ok: false, reason }`.
 */
export function buildTemporal({ root, version, target, onOutput }) {
  return buildWithGo({
    title: `Building the Temporal CLI ${version} from source: 5 to 30 minutes, once per user`,
    source: join(root, 'tools', 'temporal'),
    program: 'github.com/temporalio/cli/cmd/temporal',
    linkerFlags: `-X github.com/temporalio/cli/internal/temporalcli.Version=${version}`,
    target,
    onOutput,
  })
}
