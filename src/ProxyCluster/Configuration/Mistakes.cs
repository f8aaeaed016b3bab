using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace ProxyCluster.Configuration;

/// <summary>The sentences about wrong values. Each names the key, the value, where it came from and what is allowed.</summary>
internal static class Mistakes
{
    /// <summary>A value that its option refuses.</summary>
    public static string Of(string key, string value, string source, bool secret, string refusal) =>
        $"{key} = \"{(secret ? Masking.Secret(value) : Masking.Text(value))}\" ({source}) {refusal}";

    /// <summary>A key that nobody reads.</summary>
    public static string Unknown(Setting setting, string? nearest, string what, IEnumerable<string> known) =>
        Of(setting.Key, setting.Value, setting.Source, Masking.SoundsSecret(setting.Key + nearest), nearest is null
            ? $"is not a known key: the {what} are {string.Join(", ", known.Order(StringComparer.Ordinal))}"
            : $"is not a known key: did you mean {nearest}?");

    /// <summary>What an attribute allows, in words.</summary>
    public static string Refusal(ValidationAttribute attribute, PropertyInfo property) => attribute switch
    {
        RangeAttribute range => $"is out of range: use {Limit(range.Minimum, property)} to {Limit(range.Maximum, property)}",
        RequiredAttribute => "must not be empty",
        AllowedValuesAttribute allowed =>
            $"is not allowed: use {string.Join(", ", allowed.Values.Select(value => OptionValue.Format(value, isSize: false)))}",
        MinLengthAttribute min => string.Create(CultureInfo.InvariantCulture, $"is too short: use at least {min.Length}"),
        MaxLengthAttribute max => string.Create(CultureInfo.InvariantCulture, $"is too long: use at most {max.Length}"),
        RegularExpressionAttribute pattern when attribute.ErrorMessage is null => $"does not match {pattern.Pattern}",
        _ => "is not allowed: " + attribute.FormatErrorMessage(property.Name),
    };

    // [Range(typeof(TimeSpan), "…", "…")] keeps its limits as text until they are first needed.
    private static string Limit(object limit, PropertyInfo property) =>
        limit is string text && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time)
            ? Duration.Format(time)
            : OptionValue.IsSize(property)
                ? ByteSize.Format(Convert.ToInt64(limit, CultureInfo.InvariantCulture)) // [Range] keeps a long as a double
                : OptionValue.Format(limit, isSize: false);
}
