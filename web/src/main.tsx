import "@/ui/tokens.css";
import "@/ui/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { createRoot } from "react-dom/client";
import { queries } from "@/api/queries";
import { App } from "@/app/App";
import { showTheme } from "@/app/theme";
import { preferredLanguage, speak } from "@/texts/texts";

showTheme();
await speak(preferredLanguage());
const place = document.getElementById("app");
if (place) {
  createRoot(place).render(
    <QueryClientProvider client={queries}>
      <Tooltip.Provider>
        <App />
      </Tooltip.Provider>
    </QueryClientProvider>,
  );
}
