import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const FEATURES = [
  "activity",
  "agents",
  "analytics",
  "identities",
  "inbox",
  "incidents",
  "session",
  "settings",
  "tasks",
];

const shared = (message, ...group) => ({
  "no-restricted-imports": ["error", { patterns: [{ group, message }] }],
});

export default tseslint.config(
  { ignores: ["dist", "src/lib/api-types.ts"] },
  ...tseslint.configs.recommended,
  a11y.flatConfigs.strict,
  hooks.configs.flat["recommended-latest"],
  {
    files: ["src/{lib,config,components}/**"],
    rules: shared("Shared code knows no feature.", "@/features/*", "@/app/*"),
  },
  ...FEATURES.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: shared(
      "A feature knows shared code and itself alone.",
      "@/app/*",
      ...FEATURES.filter((other) => other !== name).map((other) => `@/features/${other}/**`),
    ),
  })),
);
