using System.Globalization;
using System.Net;
using System.Text;

namespace ProxyCluster.Drills.Reports;

/// <summary>
/// One HTML page that needs nothing else: no script, no font, no picture from elsewhere, so that it can be attached to a
/// ticket and still be read in ten years.
/// </summary>
internal static class SinglePage
{
    private const string Style =
        """
        :root { color-scheme: light dark; --ink: #1c2330; --paper: #fff; --soft: #687386; --line: #d9dee7;
          --ok: #3c8a5c; --bad: #c43c3c; --warn: #d08a1d; --p50: #3a6fb5; --p99: #8a4fb0; --calm: #e8edf4; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e8ef; --paper: #14181f; --soft: #98a3b5; --line: #323a48;
          --ok: #5fb583; --bad: #ee6b6b; --warn: #e5ad4e; --p50: #78a9e8; --p99: #c08fe3; --calm: #222934; } }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1040px; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; margin: 0 0 .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
        .verdict { display: inline-block; padding: .1rem .6rem; border-radius: .3rem; color: #fff; font-weight: 600; }
        .passed { background: var(--ok); } .broken { background: var(--bad); }
        .soft { color: var(--soft); } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; } td.n, th.n { text-align: right; }
        .figures { display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: 1rem 0; } .figures b { display: block; font-size: 1.35rem; }
        svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
        .scroll { overflow-x: auto; } li { margin: .15rem 0; overflow-wrap: anywhere; }
        """;

    /// <summary>The page's beginning, up to where its content stands.</summary>
    public static StringBuilder Open(string title) => new StringBuilder()
        .Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .Append("<title>").Append(Text(title)).Append("</title><style>").Append(Style).Append("</style></head><body>\n");

    /// <summary>The whole page.</summary>
    public static string Close(StringBuilder page) => page.Append("</body></html>\n").ToString();

    /// <summary>Text as HTML.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Figures in a text as every reader of pages and SVG takes them.</summary>
    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
