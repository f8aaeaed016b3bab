using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orleans.Storage;

namespace ProxyCluster.Silos;

/// <summary>What a grain keeps in its storage.</summary>
internal abstract class StoredRecord
{
    /// <summary>Why the text in the storage could not be read, in which case nothing of it is here; null for anything else.</summary>
    [JsonIgnore]
    public string? Fault { get; set; }
}

/// <summary>
/// The form of grains' state in every cluster store: JSON with the names of properties and of nothing else, so that a class
/// may move to another room or assembly. Orleans' own form names class and assembly, and refuses what it wrote before such
/// a move; that form is read too, for what older versions left behind.
/// <para>
/// Text that cannot be read is a value (<see cref="StoredRecord.Fault"/>): providers wrap an exception in their own, and
/// do not give the tag with it, without which nobody could ever write over such text.
/// </para>
/// </summary>
internal sealed class StateSerializer(IEnumerable<IJsonTypeInfoResolver> states) : IGrainStorageSerializer
{
    private readonly JsonSerializerOptions _options = new()
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine([.. states]),
        Converters = { new BytesReader() },
    };

    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input!, TypeOf<T>()));

    /// <inheritdoc/>
    public T Deserialize<T>(BinaryData input)
    {
        try
        {
            return JsonSerializer.Deserialize(input, TypeOf<T>()) ?? throw new JsonException("it is null");
        }
        catch (JsonException e) when (Activator.CreateInstance<T>() is StoredRecord record)
        {
            record.Fault = e.Message;
            return (T)(object)record;
        }
    }

    private JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)_options.GetTypeInfo(typeof(T));

    // Base 64; Orleans' own form has it in {"$type":"System.Byte[], System.Private.CoreLib","$value":"…"}.
    private sealed class BytesReader : JsonConverter<byte[]>
    {
        public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return reader.GetBytesFromBase64();
            byte[]? bytes = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isValue = reader.ValueTextEquals("$value"u8);
                reader.Read();
                if (isValue)
                    bytes = reader.GetBytesFromBase64();
                else
                    reader.Skip();
            }

            return bytes ?? throw new JsonException("bytes without a $value");
        }

        public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value);
    }
}

/// <summary>The records of this room.</summary>
[JsonSerializable(typeof(FailoverState))]
internal sealed partial class SiloStates : JsonSerializerContext;
