using System.Globalization;
using System.Text;
using System.Xml.Linq;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Bills;

/// <summary>A bill as CycloneDX 1.6 in XML. The schema wants each element's children in one order.</summary>
internal static class BillXml
{
    private static readonly XNamespace Space = "http://cyclonedx.org/schema/bom/1.6";

    /// <summary>UTF-8 XML, with a newline at its end.</summary>
    public static byte[] Write(Bill bill)
    {
        var root = new XElement(
            Space + "bom",
            bill.Serial is null ? null : new XAttribute("serialNumber", bill.Serial),
            new XAttribute("version", 1),
            Element("metadata",
                Text("timestamp", BillTime.OrNull(bill.Time)),
                Element("tools", Element("components", Component("component", new BillComponent("proxycluster", "application", "proxycluster", BuildInfo.Version)))),
                bill.Subject is { } subject ? Component("component", subject) : null),
            Element("components", bill.Components.Select(static component => Component("component", component))),
            Element("dependencies", bill.Dependencies.Select(static dependency => Element(
                "dependency", Ref(dependency.Ref), dependency.DependsOn.Select(static one => Element("dependency", Ref(one)))))),
            Element("compositions", Element("composition",
                Text("aggregate", bill.Aggregate),
                bill.Subject is { } whole ? Element("assemblies", Element("assembly", Ref(whole.Ref))) : null)),
            bill.Vulnerabilities.Count == 0 ? null : Element("vulnerabilities", bill.Vulnerabilities.Select(Vulnerability)));
        return Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{root.ToString().Replace("\r\n", "\n", StringComparison.Ordinal)}\n");
    }

    private static XElement Component(string name, BillComponent component) => Element(
        name,
        new XAttribute("type", component.Type),
        new XAttribute("bom-ref", Legal(component.Ref)),
        Text("name", component.Name),
        Text("version", component.Version),
        component.Sha256 is { } sha ? Element("hashes", Element("hash", new XAttribute("alg", "SHA-256"), sha)) : null,
        component.Licences switch
        {
            [] => null,
            [var only] => Element("licenses", Element("license", Concluded(), Text("id", only))),
            var all => Element("licenses", Element("expression", Concluded(), string.Join(" AND ", all))),
        },
        Text("purl", component.PackageUrl),
        component.Properties.Count == 0 ? null
            : Element("properties", component.Properties.Select(static property => Element("property", new XAttribute("name", property.Name), Legal(property.Value)))),
        component.PartLicences.Count == 0 ? null
            : Element("evidence", Element("licenses", component.PartLicences.Select(static id => Element("license", Text("id", id))))));

    private static XElement Vulnerability(BillVulnerability found) => Element(
        "vulnerability",
        new XAttribute("bom-ref", found.Id),
        Text("id", found.Id),
        Source(found.Source),
        found.References.Count == 0 ? null
            : Element("references", found.References.Select(static alias => Element("reference", Text("id", alias.Id), Source(alias)))),
        found.Severity is null ? null
            : Element("ratings", Element("rating", Text("score", found.Score?.ToString(CultureInfo.InvariantCulture)), Text("severity", found.Severity))),
        Text("description", found.Description),
        Text("recommendation", found.Recommendation),
        Text("published", BillTime.OrNull(found.Published)),
        Text("updated", BillTime.OrNull(found.Updated)),
        Element("analysis", Text("state", "in_triage"), Text("detail", found.Detail)),
        Element("affects", found.Affects.Select(static affected => Element(
            "target",
            Text("ref", affected.Ref),
            Element("versions", affected.Statuses.Select(static one => Element("version", Text("version", one.Version), Text("status", one.Status))))))));

    private static XElement Source(BillSource source) => Element("source", Text("name", source.Name), Text("url", source.Url));

    private static XElement Element(string name, params object?[] content) => new(Space + name, content);

    private static XElement? Text(string name, string? value) => value is null ? null : Element(name, Legal(value));

    private static XAttribute Ref(string value) => new("ref", Legal(value));

    private static XAttribute Concluded() => new("acknowledgement", "concluded");

    // Of what strangers wrote, XML takes no control characters at all, escaped or not.
    private static string Legal(string text) => string.Concat(text.EnumerateRunes()
        .Select(static rune => rune.Value is '\t' or '\n' or '\r' or >= 0x20 and not (0xFFFE or 0xFFFF) ? rune : Rune.ReplacementChar));
}
