import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AccountsProvider } from "timbrado-accounts-client/react";

import { accounts } from "./accounts";
import { App } from "./App";
import { NoticeProvider } from "./layout/notices";
import { Unbroken } from "./layout/Unbroken";
import { LanguageProvider } from "./texts";
import "./styles/index.css";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <LanguageProvider>
      <Unbroken>
        <AccountsProvider client={accounts}>
          <NoticeProvider>
            <App />
          </NoticeProvider>
        </AccountsProvider>
      </Unbroken>
    </LanguageProvider>
  </StrictMode>,
);
