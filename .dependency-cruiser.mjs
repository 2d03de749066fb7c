/**
 * Who may import whom. `value`: anything; `type`: types only, because the thing itself is given by
 * server.ts or worker.ts; `packages`: of npm; `node`: modules of Node itself. Everything else is an
 * error. CONTRIBUTING.md shows the same table.
 */
const WALLS = {
  domain: { value: ['domain/'], packages: [] },
  contracts: {
    value: ['domain/', 'contracts/'],
    packages: ['zod'],
    // A port that takes and gives streams has to name them.
    nodeTypes: ['stream'],
  },
  workflows: {
    value: ['domain/', 'workflows/'],
    type: ['contracts/'],
    // Puts calls of one turn together: promises, and no clock.
    packages: ['@temporalio/workflow', '@temporalio/common', 'dataloader'],
  },
  activities: {
    value: ['domain/', 'contracts/', 'activities/'],
    type: ['adapters/', 'db/'],
    packages: ['@temporalio/activity'],
    // An interceptor is written against the worker's types, and a failure against the common ones.
    packageTypes: ['@temporalio/worker', '@temporalio/common'],
    node: true,
  },
  adapters: {
    value: ['domain/', 'contracts/', 'adapters/'],
    // Each adapter has the SDK of the thing that it adapts; these are the business of others.
    packagesNot: ['@temporalio/[^/]+', 'fastify', '@fastify/[^/]+', 'drizzle-orm', 'pg'],
    node: true,
  },
  db: {
    value: ['domain/', 'contracts/', 'db/'],
    packages: ['drizzle-orm', 'pg'],
    // Hashes of bodies and keys, and the place of the migrations beside the code.
    node: true,
  },
  api: {
    // A message's definition is a value that carries its types; the rest of a workflow is not needed.
    value: ['domain/', 'contracts/', 'db/', 'api/', 'workflows/messages\\.ts'],
    type: ['workflows/'],
    packages: [
      'fastify',
      'fastify-[^/]+',
      '@fastify/[^/]+',
      '@temporalio/client',
      '@temporalio/common',
      // Bodies are judged by the contracts' library; /metrics is written by its own.
      'zod',
      'prom-client',
      // What a misspelt name probably meant.
      'fastest-levenshtein',
      // Agents speak it.
      '@modelcontextprotocol/server',
    ],
    node: true,
  },
  // A client of the HTTP interface, in programs of others: what it knows of the server are types.
  sdk: { value: ['sdk/'], type: ['domain/'], packages: [] },
}

const NPM = [
  'npm',
  'npm-dev',
  'npm-optional',
  'npm-peer',
  'npm-bundled',
  'npm-no-pkg',
  'npm-unknown',
]
const sourcePath = (parts) => `^src/(?:${parts.join('|')})`
const packagePath = (names) => `(?:^|/)node_modules/(?:${names.join('|')})/`
const ANY_SOURCE = '^src/'

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

const nodeRulesOf = (folder, from, nodeTypes) => {
  const typed = `^(?:node:)?(?:${nodeTypes.join('|')})$`
  const core = { dependencyTypes: ['core'] }
  if (nodeTypes.length === 0) {
    return [error(`${folder}-node`, `src/${folder} uses nothing of Node.`, from, core)]
  }
  return [
    error(`${folder}-node`, `src/${folder} uses nothing else of Node.`, from, {
      ...core,
      pathNot: typed,
    }),
    error(`${folder}-node-types-only`, 'Only types of this module.', from, {
      ...core,
      path: typed,
      dependencyTypesNot: ['type-only'],
    }),
  ]
}

const rulesOf = ([folder, wall]) => {
  const {
    value,
    type = [],
    packages,
    packagesNot,
    packageTypes = [],
    node = false,
    nodeTypes = [],
  } = wall
  const from = { path: `^src/${folder}/` }
  const rules = [
    error(`${folder}-walls`, `src/${folder} may not import this folder.`, from, {
      path: ANY_SOURCE,
      pathNot: sourcePath([...value, ...type]),
    }),
    packagesNot
      ? error(`${folder}-packages`, `This package is not for src/${folder}.`, from, {
          dependencyTypes: NPM,
          path: packagePath(packagesNot),
        })
      : error(`${folder}-packages`, `This package is not for src/${folder}.`, from, {
          dependencyTypes: NPM,
          pathNot: [...packages, ...packageTypes].length
            ? packagePath([...packages, ...packageTypes])
            : '^$',
        }),
  ]
  if (type.length > 0) {
    rules.push(
      error(`${folder}-types-only`, 'Only types; the thing itself is given.', from, {
        path: sourcePath(type),
        pathNot: sourcePath(value),
        dependencyTypesNot: ['type-only'],
      }),
    )
  }
  if (packageTypes.length > 0) {
    rules.push(
      error(`${folder}-package-types-only`, 'Only types of this package.', from, {
        path: packagePath(packageTypes),
        dependencyTypesNot: ['type-only'],
      }),
    )
  }
  if (!node) rules.push(...nodeRulesOf(folder, from, nodeTypes))
  return rules
}

export default {
  forbidden: [
    ...Object.entries(WALLS).flatMap(rulesOf),
    error(
      'no-cycles',
      'Files that need each other are one file, or lack a third.',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    error(
      'settings-are-given',
      'Only the composition roots read the configuration; others are given values.',
      {
        path: ANY_SOURCE,
        pathNot: '^src/(?:(?:server|worker|config)\\.ts$|config/|composition/)',
      },
      { path: '^src/config(?:\\.ts$|/)' },
    ),
    error(
      'config-walls',
      'The configuration knows what its values are for, and nobody who uses them.',
      { path: '^src/config(?:\\.ts$|/)' },
      { path: ANY_SOURCE, pathNot: '^src/(?:config(?:\\.ts$|/)|domain/|contracts/|adapters/)' },
    ),
    error(
      'composition-roots-are-roots',
      'Nobody imports server.ts and worker.ts.',
      {},
      { path: '^src/(?:server|worker)\\.ts$' },
    ),
    error(
      'composition-is-for-roots',
      'What server.ts and worker.ts share is theirs alone.',
      { path: ANY_SOURCE, pathNot: '^src/(?:(?:server|worker)\\.ts$|composition/)' },
      { path: '^src/composition/' },
    ),
    error(
      'product-knows-no-tools',
      'src is complete without tests, scripts and benchmarks.',
      { path: ANY_SOURCE },
      { path: '^(?:test|scripts|bench|lint|examples)/' },
    ),
    error(
      'declared-packages',
      'A package that src uses stands in `dependencies`.',
      { path: ANY_SOURCE },
      {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'type-only'],
      },
    ),
    error('resolvable', 'There is no such file or package.', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
}
