/** The few signs of the navigation, drawn so that no font can lack them. */
const PATHS = {
  inbox:
    "M4 13h4l1.5 3h5L16 13h4M5.5 6h13L20 13v5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18v-5z",
  board: "M4.5 5.5h15v13h-15zM4.5 10h15M10 10v8.5",
  incidents: "M12 4.5 20.5 19h-17zM12 10v4M12 16.4v.2",
  activity: "M4.5 7h10M4.5 12h15M4.5 17h7",
  analytics: "M5 19V11M12 19V5M19 19v-6",
  agents:
    "M12 4.5v3M6 7.5h12a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 17V9A1.5 1.5 0 0 1 6 7.5M9 12v2M15 12v2",
  settings: "M5 7h8m4 0h2M5 17h2m4 0h8M15 5v4M9 15v4",
  more: "M5 11.2v1.6M12 11.2v1.6M19 11.2v1.6",
  new: "M12 5v14M5 12h14",
  find: "M15.5 15.5 20 20M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13z",
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
