/** The screens that one goes to, in their order. */

/** On a phone those of the rest stand behind More; `also` begins other addresses of a screen. */
export const SCREENS = [
  { to: "/", label: "Inbox", icon: "inbox", rest: false, also: null },
  { to: "/board", label: "Board", icon: "board", rest: false, also: null },
  { to: "/incidents", label: "Incidents", icon: "incidents", rest: true, also: null },
  { to: "/agents", label: "Agents", icon: "agents", rest: true, also: "/identities" },
  { to: "/analytics", label: "Analytics", icon: "analytics", rest: true, also: null },
  { to: "/activity", label: "Activity", icon: "activity", rest: false, also: null },
  { to: "/new", label: "New", icon: "new", rest: true, also: null },
  { to: "/settings", label: "Settings", icon: "settings", rest: true, also: null },
] as const;
