import type { DefaultTheme } from "vitepress";

/** The guide's pages, in the order in which one reads them. */
export const guide: DefaultTheme.SidebarItem[] = [
  {
    text: "Use it",
    items: [
      { text: "Start in five minutes", link: "/start" },
      { text: "Convert", link: "/convert" },
      { text: "Verify", link: "/verify" },
      { text: "Run in Node", link: "/run-in-node" },
      { text: "Run in browsers and workers", link: "/run-in-browsers" },
      { text: "Long documents", link: "/long-documents" },
      { text: "Many documents", link: "/many-documents" },
      { text: "Serve", link: "/serve" },
      { text: "Performance", link: "/performance" },
    ],
  },
  {
    text: "Extend it",
    items: [
      { text: "Write an adapter", link: "/write-an-adapter" },
      { text: "Write a runtime", link: "/write-a-runtime" },
      { text: "Write a head", link: "/write-a-head" },
      { text: "The graph", link: "/graph" },
    ],
  },
  {
    text: "Look it up",
    items: [
      { text: "Commands", link: "/commands" },
      { text: "Errors", link: "/errors" },
      { text: "Operations of graphs", link: "/operations" },
      { text: "Formats, and what is never executed", link: "/formats" },
    ],
  },
];
