using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Cli.Operators;

/// <summary>Reads a server's words as a terminal may show them: they are names, reasons and sentences of one line.</summary>
internal sealed class ShownText : JsonConverter<string>
{
    /// <summary>The same for what comes otherwise than as JSON.</summary>
    public static string Of(string text) => LogText.Clean(text, LogText.MaxLine);

    /// <inheritdoc/>
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text ? Of(text) : null;

    /// <inheritdoc/>
    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Of(reader.GetString()!);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
