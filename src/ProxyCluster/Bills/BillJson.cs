using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Bills;

/// <summary>
/// A bill as CycloneDX 1.6 in JSON. Written here: of the format a bill of modules needs little. A test holds
/// what is written against the official schema, by the validator of CycloneDX's own library.
/// </summary>
internal static class BillJson
{
    /// <summary>UTF-8 JSON, with a newline at its end.</summary>
    public static byte[] Write(Bill bill)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(bill, json);
        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    /// <summary>A serial number that is made of what the bill says: the same bill has the same one, in either form.</summary>
    public static string SerialOf(Bill bill)
    {
        // RFC 9562 §5.8: version and variant, and the rest as one likes.
        var bytes = SHA256.HashData(Write(bill with { Serial = null })).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return "urn:uuid:" + new Guid(bytes, bigEndian: true);
    }

    private static void Write(Bill bill, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
        json.WriteString("bomFormat", "CycloneDX");
        json.WriteString("specVersion", "1.6");
        WriteText(json, "serialNumber", bill.Serial);
        json.WriteNumber("version", 1);

        json.WriteStartObject("metadata");
        WriteText(json, "timestamp", BillTime.OrNull(bill.Time));
        json.WriteStartObject("tools");
        WriteAll(json, "components", [new BillComponent("proxycluster", "application", "proxycluster", BuildInfo.Version)], static (json, tool) => WriteComponent(json, tool));
        json.WriteEndObject();
        if (bill.Subject is { } subject)
        {
            json.WritePropertyName("component");
            WriteComponent(json, subject);
        }

        json.WriteEndObject();

        WriteAll(json, "components", bill.Components, WriteComponent);
        WriteAll(json, "dependencies", bill.Dependencies, static (json, dependency) =>
        {
            json.WriteStartObject();
            json.WriteString("ref", dependency.Ref);
            WriteAll(json, "dependsOn", dependency.DependsOn, static (json, one) => json.WriteStringValue(one));
            json.WriteEndObject();
        });
        WriteAll(json, "compositions", [bill], static (json, bill) =>
        {
            json.WriteStartObject();
            json.WriteString("aggregate", bill.Aggregate);
            if (bill.Subject is { } whole)
                WriteAll(json, "assemblies", [whole.Ref], static (json, one) => json.WriteStringValue(one));
            json.WriteEndObject();
        });
        if (bill.Vulnerabilities.Count > 0)
            WriteAll(json, "vulnerabilities", bill.Vulnerabilities, WriteVulnerability);
        json.WriteEndObject();
    }

    private static void WriteComponent(Utf8JsonWriter json, BillComponent component)
    {
        json.WriteStartObject();
        json.WriteString("type", component.Type);
        json.WriteString("bom-ref", component.Ref);
        json.WriteString("name", component.Name);
        WriteText(json, "version", component.Version);
        if (component.Sha256 is { } sha)
        {
            WriteAll(json, "hashes", [sha], static (json, sha) =>
            {
                json.WriteStartObject();
                json.WriteString("alg", "SHA-256");
                json.WriteString("content", sha);
                json.WriteEndObject();
            });
        }

        if (component.Licences is [var only])
            WriteAll(json, "licenses", [only], static (json, id) => WriteLicence(json, id, isConcluded: true));
        else if (component.Licences.Count > 1)
        {
            WriteAll(json, "licenses", [string.Join(" AND ", component.Licences)], static (json, expression) =>
            {
                json.WriteStartObject();
                json.WriteString("expression", expression);
                json.WriteString("acknowledgement", "concluded");
                json.WriteEndObject();
            });
        }

        WriteText(json, "purl", component.PackageUrl);
        if (component.Properties.Count > 0)
        {
            WriteAll(json, "properties", component.Properties, static (json, property) =>
            {
                json.WriteStartObject();
                json.WriteString("name", property.Name);
                json.WriteString("value", property.Value);
                json.WriteEndObject();
            });
        }

        if (component.PartLicences.Count > 0)
        {
            json.WriteStartObject("evidence");
            WriteAll(json, "licenses", component.PartLicences, static (json, id) => WriteLicence(json, id, isConcluded: false));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteLicence(Utf8JsonWriter json, string id, bool isConcluded)
    {
        json.WriteStartObject();
        json.WriteStartObject("license");
        json.WriteString("id", id);
        if (isConcluded)
            json.WriteString("acknowledgement", "concluded");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteVulnerability(Utf8JsonWriter json, BillVulnerability found)
    {
        json.WriteStartObject();
        json.WriteString("bom-ref", found.Id);
        json.WriteString("id", found.Id);
        WriteSource(json, found.Source);
        if (found.References.Count > 0)
        {
            WriteAll(json, "references", found.References, static (json, alias) =>
            {
                json.WriteStartObject();
                json.WriteString("id", alias.Id);
                WriteSource(json, alias);
                json.WriteEndObject();
            });
        }

        if (found.Severity is not null)
        {
            WriteAll(json, "ratings", [found], static (json, found) =>
            {
                json.WriteStartObject();
                if (found.Score is { } score)
                    json.WriteNumber("score", score);
                WriteText(json, "severity", found.Severity);
                json.WriteEndObject();
            });
        }

        WriteText(json, "description", found.Description);
        WriteText(json, "recommendation", found.Recommendation);
        WriteText(json, "published", BillTime.OrNull(found.Published));
        WriteText(json, "updated", BillTime.OrNull(found.Updated));
        json.WriteStartObject("analysis");
        json.WriteString("state", "in_triage");
        json.WriteString("detail", found.Detail);
        json.WriteEndObject();
        WriteAll(json, "affects", found.Affects, static (json, affected) =>
        {
            json.WriteStartObject();
            json.WriteString("ref", affected.Ref);
            WriteAll(json, "versions", affected.Statuses, static (json, one) =>
            {
                json.WriteStartObject();
                json.WriteString("version", one.Version);
                json.WriteString("status", one.Status);
                json.WriteEndObject();
            });
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, BillSource source)
    {
        json.WriteStartObject("source");
        json.WriteString("name", source.Name);
        json.WriteString("url", source.Url);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void WriteAll<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> all, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var one in all)
            write(json, one);
        json.WriteEndArray();
    }
}
