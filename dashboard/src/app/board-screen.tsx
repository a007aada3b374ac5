/** The board, joined to its address: only what is not as usual stands in it. */
import { getRouteApi } from "@tanstack/react-router";
import { Board } from "@/features/tasks/components/board";
import { NO_FILTERS, type Filters } from "@/features/tasks/components/columns";

const board = getRouteApi("/board");

export function BoardScreen() {
  const search = board.useSearch();
  const navigate = board.useNavigate();
  return (
    <Board
      filters={{ ...NO_FILTERS, ...search }}
      onFilters={(filters) => void navigate({ search: unusual(filters), replace: true })}
    />
  );
}

function unusual(filters: Filters): Partial<Filters> {
  const named = Object.entries(filters) as [keyof Filters, string][];
  return Object.fromEntries(named.filter(([name, value]) => value !== NO_FILTERS[name]));
}
