using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace ProxyCluster.Configuration;

/// <summary>
/// How the text of one value becomes the type of its option and back. Strict on purpose: what is not exactly one value
/// of the type is refused with a sentence that says what to write instead.
/// </summary>
internal static class OptionValue
{
    /// <summary>Whether values of this type are written as one text (and not as a section or a list).</summary>
    public static bool IsSingle(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) || type.IsPrimitive || type.IsEnum || type == typeof(TimeSpan) || type == typeof(Uri)
            || type == typeof(decimal)
            || (type.IsValueType && TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string)));
    }

    /// <summary>Whether the option is a size: a whole number that is marked so or has <c>Bytes</c> in its name.</summary>
    public static bool IsSize(PropertyInfo property) =>
        (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type
        && (type == typeof(long) || type == typeof(int))
        && (property.IsDefined(typeof(ByteSizeAttribute)) || property.Name.Contains("Bytes", StringComparison.Ordinal));

    /// <summary>
    /// Reads one value; otherwise <paramref name="refusal"/> ends the sentence that begins with key, value and source.
    /// </summary>
    public static bool TryParse(Type type, bool isSize, string text, out object? value, out string refusal)
    {
        refusal = "";
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            type = underlying;
            if (text.Length == 0)
            {
                value = null;
                return true;
            }
        }

        (value, refusal) = type switch
        {
            _ when type == typeof(string) => (text, ""),
            _ when isSize => (ParseSizeOrNull(type, text), $"is not a size: {ByteSize.Allowed}"),
            _ when type == typeof(TimeSpan) =>
                (Duration.TryParse(text, out var time) ? time : null, $"is not a duration: {Duration.Allowed}"),
            _ when type == typeof(bool) =>
                (bool.TryParse(text, out var flag) ? flag : (object?)null, "is not a switch: use true or false"),
            _ when type.IsEnum => (ParseNameOrNull(type, text), $"is not known: use {string.Join(", ", Enum.GetNames(type))}"),
            _ when type == typeof(Uri) => (ParseUriOrNull(text), "is not an absolute URL: use http://host:port"),
            _ when type == typeof(double) || type == typeof(float) || type == typeof(decimal) =>
                (ConvertOrNull(type, text, NumberStyles.Float), "is not a number"),
            _ when type.IsPrimitive => (ConvertOrNull(type, text, NumberStyles.AllowLeadingSign), "is not a whole number"),
            _ => (FromConverterOrNull(type, text), $"is not a {type.Name}"),
        };
        return value is not null;
    }

    /// <summary>The text that <see cref="TryParse"/> reads back to the same value; empty for null.</summary>
    public static string Format(object? value, bool isSize) => value switch
    {
        null => "",
        TimeSpan time => Duration.Format(time),
        bool flag => flag ? "true" : "false",
        long or int when isSize => ByteSize.Format(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static object? ParseSizeOrNull(Type type, string text) => ByteSize.TryParse(text, out var bytes)
        ? ConvertOrNull(type, bytes.ToString(CultureInfo.InvariantCulture), NumberStyles.AllowLeadingSign)
        : null;

    // Enum.TryParse alone takes any number and any comma list.
    private static object? ParseNameOrNull(Type type, string text) =>
        Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse(type, text, ignoreCase: true) : null;

    private static Uri? ParseUriOrNull(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && text.Contains("://", StringComparison.Ordinal) ? uri : null;

    private static object? ConvertOrNull(Type type, string text, NumberStyles style)
    {
        if (!decimal.TryParse(text, style, CultureInfo.InvariantCulture, out var number))
            return null;
        try
        {
            return Convert.ChangeType(number, type, CultureInfo.InvariantCulture);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static object? FromConverterOrNull(Type type, string text)
    {
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
